export const targets = ['T1', 'T2', 'T3', 'T4', 'T5', 'T6', 'T7', 'T8', 'T9', 'T10', 'T11', 'T12', 'T13'] as const

export type Target = (typeof targets)[number]

/** The result of one measurement of one contender in one round. */
export interface Reading {
  target: Target
  /** Name of the program that was measured. */
  contender: string
  /** Which case was measured, where there are several. */
  variant?: string
  figures: Record<string, number>
}
