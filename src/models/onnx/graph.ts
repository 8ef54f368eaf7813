import { littleEndian, ProtobufWriter } from './protobuf.js';

/** What an attribute of a node may be. */
export type Attribute =
  | { int: number }
  | { text: string }
  | { ints: ArrayLike<number> }
  | { floats: ArrayLike<number> }
  | { texts: readonly string[] };

/** The numbers of the types in ONNX. */
const TYPES = { float: 1, int64: 7, double: 11 } as const;
export type RealType = 'float' | 'double';

/** AttributeProto, with the numbers of its fields and of its types as in onnx.proto. */
function attributeMessage(name: string, value: Attribute): ProtobufWriter {
  const message = new ProtobufWriter().text(1, name);
  if ('int' in value) return message.int(3, value.int).int(20, 2);
  if ('text' in value) return message.text(4, value.text).int(20, 3);
  if ('floats' in value) return message.floats(7, value.floats).int(20, 6);
  if ('ints' in value) return message.ints(8, value.ints).int(20, 7);
  for (const text of value.texts) message.text(9, text);
  return message.int(20, 8);
}

/** ValueInfoProto of a matrix of float32 with any number of rows. */
function matrixInfo(name: string, columns: number): ProtobufWriter {
  const shape = new ProtobufWriter()
    .message(1, new ProtobufWriter().text(2, 'rows'))
    .message(1, new ProtobufWriter().int(1, columns));
  const tensor = new ProtobufWriter().int(1, TYPES.float).message(2, shape);
  return new ProtobufWriter().text(1, name).message(2, new ProtobufWriter().message(1, tensor));
}

/**
 * An ONNX graph in the making: a matrix `features` goes in, a matrix `prediction` comes out. What `add` returns is the name of a
 * node's output, to be given to the next.
 */
export class OnnxGraph {
  private readonly nodes: ProtobufWriter[] = [];
  private readonly constants: ProtobufWriter[] = [];
  private count = 0;

  constructor(
    /** The type that is computed with. */
    readonly type: RealType,
  ) {}

  add(
    operator: string,
    inputs: readonly string[],
    attributes: Record<string, Attribute> = {},
    domain = '',
  ): string {
    const output = `${operator.toLowerCase()}_${this.count++}`;
    const node = new ProtobufWriter();
    for (const input of inputs) node.text(1, input);
    node.text(2, output).text(3, `${output}_node`).text(4, operator);
    for (const [name, value] of Object.entries(attributes)) node.message(5, attributeMessage(name, value));
    if (domain !== '') node.text(7, domain);
    this.nodes.push(node);
    return output;
  }

  /** A constant of the graph's own type. */
  reals(shape: readonly number[], values: ArrayLike<number>): string {
    return this.constant(TYPES[this.type], shape, littleEndian(values, this.type === 'float' ? 4 : 8));
  }

  integers(values: readonly number[]): string {
    const bytes = Buffer.alloc(values.length * 8);
    values.forEach((value, i) => {
      bytes.writeBigInt64LE(BigInt(value), i * 8);
    });
    return this.constant(TYPES.int64, [values.length], bytes);
  }

  private constant(type: number, shape: readonly number[], bytes: Buffer): string {
    const name = `constant_${this.count++}`;
    const tensor = new ProtobufWriter();
    for (const size of shape) tensor.int(1, size);
    this.constants.push(tensor.int(2, type).text(8, name).bytes(9, bytes));
    return name;
  }

  /** A matrix as one of the graph's own type. */
  cast(input: string, type: RealType): string {
    return this.add('Cast', [input], { to: { int: TYPES[type] } });
  }

  /** The columns with these numbers. */
  gather(input: string, columns: readonly number[]): string {
    return this.add('Gather', [input, this.integers(columns)], { axis: { int: 1 } });
  }

  /** ModelProto: opset 17, ai.onnx.ml 3. `facts` are kept with it as texts. */
  finish(
    result: string,
    size: { features: number; outputs: number },
    facts: Record<string, string>,
    version: string,
  ): Buffer {
    this.nodes.push(
      new ProtobufWriter().text(1, result).text(2, 'prediction').text(3, 'answer').text(4, 'Identity'),
    );
    const graph = new ProtobufWriter();
    for (const node of this.nodes) graph.message(1, node);
    graph.text(2, 'riskops');
    for (const constant of this.constants) graph.message(5, constant);
    graph
      .message(11, matrixInfo('features', size.features))
      .message(12, matrixInfo('prediction', size.outputs));
    const model = new ProtobufWriter().int(1, 8).text(2, 'riskops').text(3, version).message(7, graph);
    model.message(8, new ProtobufWriter().text(1, '').int(2, 17));
    model.message(8, new ProtobufWriter().text(1, 'ai.onnx.ml').int(2, 3));
    for (const [key, value] of Object.entries(facts))
      model.message(14, new ProtobufWriter().text(1, key).text(2, value));
    return model.finish();
  }
}
