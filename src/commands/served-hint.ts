/** What comes after a version was made current: nobody knows here whether a server runs, so it is right in both cases. */
export const SERVED_HINT =
  'A running server answers with it from the next request on; if none runs: riskops serve';
