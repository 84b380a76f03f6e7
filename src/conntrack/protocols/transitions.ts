/** Answers of a transition table beside the numbers of states. */
/** The packet cannot belong to the connection in this state. */
export const NO_STATE = 254;
/** The packet may pass, but says nothing about the connection. */
export const IGNORED = 253;

/**
 * A table of state transitions. Each row is text, one character for each old state in the order of their numbers:
 * the digit of the new state, `-` for {@link NO_STATE}, `.` for {@link IGNORED}. States beyond a row's end lead to 0.
 * The transition of row r from state s is at `r * states + s`.
 */
export function transitions(rows: readonly string[], states: number): Uint8Array {
  const table = new Uint8Array(rows.length * states);
  rows.forEach((row, number) => {
    for (let old = 0; old < states; old++) {
      const letter = row[old];
      table[number * states + old] =
        letter === '-' ? NO_STATE : letter === '.' ? IGNORED : Number(letter ?? 0);
    }
  });
  return table;
}
