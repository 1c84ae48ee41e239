import { Component, type ReactNode } from 'react'

interface ErrorBoundaryProps {
  /** What is shown. After a failure, something else is tried anew. */
  of: string
  /** Takes the place of `children` when one of them fails. @param retry renders them anew */
  instead(retry: () => void): ReactNode
  children: ReactNode
}

/** Keeps a failing part from taking the whole page away. */
export class ErrorBoundary extends Component<ErrorBoundaryProps, { hasFailed: boolean }> {
  override state = { hasFailed: false }

  static getDerivedStateFromError() {
    return { hasFailed: true }
  }

  override componentDidUpdate(before: ErrorBoundaryProps) {
    if (this.state.hasFailed && before.of !== this.props.of) this.retry()
  }

  override render() {
    return this.state.hasFailed ? this.props.instead(this.retry) : this.props.children
  }

  private retry = () => this.setState({ hasFailed: false })
}
