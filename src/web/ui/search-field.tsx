import { Search } from 'lucide-react'
import { inputLook } from './field'

interface SearchFieldProps {
  label: string
  placeholder?: string
  value: string
  maxLength: number
  onValue(value: string): void
  className?: string
}

export function SearchField({ label, placeholder = label, value, maxLength, onValue, className = '' }: SearchFieldProps) {
  return (
    <div className={`relative ${className}`}>
      <Search aria-hidden="true" className="pointer-events-none absolute top-1/2 left-3 size-4 -translate-y-1/2 text-faint" />
      <input
        type="search"
        dir="auto"
        value={value}
        maxLength={maxLength}
        aria-label={label}
        placeholder={placeholder}
        onChange={(event) => onValue(event.target.value)}
        className={`${inputLook} pl-9!`}
      />
    </div>
  )
}
