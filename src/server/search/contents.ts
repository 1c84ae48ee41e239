export const hasLink = (text: string): boolean => /https?:\/\//.test(text)
export const hasCode = (text: string): boolean => text.includes('`')
