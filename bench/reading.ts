export const targets = ['T1', 'T2', 'T3', 'T4', 'T5', 'T6', 'T7', 'T8'] as const

export type Target = (typeof targets)[number]

/** What one measurement of one contender found, in one round. */
export interface Reading {
  target: Target
  /** Who was measured. */
  of: string
  /** Under which circumstances, where there are several. */
  at?: string
  figures: Record<string, number>
}
