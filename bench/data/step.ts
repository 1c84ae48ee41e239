/** One statement, or several, of the data's making. */
export interface Step {
  name: string
  /** About how long it takes, in relation to the others. */
  weight: number
  sql: string
}
