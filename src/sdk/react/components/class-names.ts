export const joinClasses = (own: string, added: string | undefined): string => (added ? `${own} ${added}` : own)
