import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { refuseSilent } from '../refuse-connection.js';
import type { QuickAnswer } from './answer.js';
import { parseHead, type QuickHead } from './head.js';
import { createTurn } from './turn.js';

const HEAD_END = Buffer.from('\r\n\r\n');
const MOST_HEAD_BYTES = 4096;
/** What was sent before the server stops is read until then. */
const CLOSE_MS = 50;
/** A client sends the same head again and again. */
const HEADS_REMEMBERED = 256;

interface Times {
  /** How long a client may take to begin its first request, in milliseconds. */
  headersMs: number;
  /** How long a connection may idle between two requests, in milliseconds. */
  keepAliveMs: number;
}

/** Heads as text to what they say. One with an id of its own does not come again. */
function createHeads(): (text: string) => QuickHead | null {
  const heads = new Map<string, QuickHead>();
  return (text) => {
    const known = heads.get(text);
    if (known !== undefined) return known;
    const head = parseHead(text);
    if (head === null || head.requestId !== undefined) return head;
    if (heads.size >= HEADS_REMEMBERED) heads.clear();
    heads.set(text, head);
    return head;
  };
}

/** The value of the Date header, made once a second. */
function createDate(): () => string {
  let second = 0;
  let text = '';
  return () => {
    const now = Math.floor(Date.now() / 1000);
    if (now !== second) {
      second = now;
      text = new Date(now * 1000).toUTCString();
    }
    return text;
  };
}

/**
 * Answers requests on the bare socket that came in one piece, alone, and are in order: half of what a small request costs is its way
 * through the HTTP classes. At anything else the connection goes to Node's HTTP server for good, with what was read of it put back.
 */
export function answerSockets(
  server: Server,
  answer: QuickAnswer,
  { headersMs, keepAliveMs }: Times,
): { close(): void } {
  const toNode = server.listeners('connection') as ((socket: Socket) => void)[];
  server.removeAllListeners('connection');
  const headOf = createHeads();
  const date = createDate();
  const keepAlive = `Connection: keep-alive\r\nKeep-Alive: timeout=${Math.floor(keepAliveMs / 1000)}`;
  const open = new Set<Socket>();
  const turn = createTurn();
  let isClosed = false;

  const answerChunk = (socket: Socket, chunk: Buffer): boolean => {
    const end = chunk.indexOf(HEAD_END);
    // A client that does not read its answers is Node's to slow down.
    if (end < 0 || end > MOST_HEAD_BYTES || socket.writableNeedDrain) return false;
    const head = headOf(chunk.toString('latin1', 0, end));
    const from = end + HEAD_END.length;
    if (head === null || chunk.length !== from + head.bytes) return false;
    const answered = answer(head, chunk.subarray(from));
    if (answered === null) return false;
    const { text, requestId } = answered;
    const bytes = Buffer.byteLength(text);
    const response = `HTTP/1.1 200 OK\r\ncontent-type: application/json; charset=utf-8\r\ncontent-length: ${bytes}\r\nx-request-id: ${requestId}\r\nx-content-type-options: nosniff\r\ncache-control: no-store\r\nDate: ${date()}\r\n${keepAlive}\r\n\r\n${text}`;
    // What is all ASCII needs no encoding.
    turn.add(socket, response, bytes === text.length ? 'latin1' : 'utf8', open.size === 1);
    return true;
  };

  const takeSocket = (socket: Socket) => {
    let isNew = true;
    const onClose = () => open.delete(socket);
    const onError = () => socket.destroy();
    const onEnd = () => {
      turn.flush();
      socket.end();
    };
    const onTimeout = () => {
      if (isNew) refuseSilent(socket);
      else socket.destroy();
    };
    const letGo = () => {
      open.delete(socket);
      socket.off('close', onClose).off('error', onError).off('end', onEnd);
      socket.off('timeout', onTimeout).off('data', onData).setTimeout(0);
    };
    function onData(chunk: Buffer): void {
      if (!isClosed && answerChunk(socket, chunk)) {
        if (isNew) socket.setTimeout(keepAliveMs);
        isNew = false;
        return;
      }
      turn.flush();
      letGo();
      // A stream that flows would not hand out again what is put back.
      socket.pause();
      socket.unshift(chunk);
      for (const listener of toNode) listener.call(server, socket);
      socket.resume();
    }
    open.add(socket);
    socket.setTimeout(headersMs);
    socket.on('close', onClose).on('error', onError).on('end', onEnd);
    socket.on('timeout', onTimeout).on('data', onData);
  };

  server.on('connection', takeSocket);
  return {
    close() {
      isClosed = true;
      // An answer is given in the moment its request comes, so what is still here then has nothing to wait for.
      setTimeout(() => {
        for (const socket of open) socket.destroy();
      }, CLOSE_MS);
    },
  };
}
