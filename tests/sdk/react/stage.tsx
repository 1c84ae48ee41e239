import { Component, type ReactNode, StrictMode } from 'react'
import { createRoot, type Root } from 'react-dom/client'
import { type Chat, createChat } from '../../../src/sdk'
import { createTestServer, type TestServer } from '../../../src/sdk/testing'

/** A part of a page, with a Roomline in memory behind it. */
export interface Stage extends AsyncDisposable {
  server: TestServer
  /** The paths of the subscriptions that were started on all connections. */
  subscribed: string[]
  /** Calls and subscriptions that have not been stopped. */
  following(): string[]
  connect(username: string): Chat
  element: HTMLElement
  root: Root
  render(node: ReactNode): Promise<void>
  /** What the part of the page says. */
  text(): string
  /** Lets React and the server come to rest. */
  rest(): Promise<void>
}

interface Call {
  id: number
  method: string
  params?: { path: string }
}

/** @param strict whether everything is rendered and mounted twice, as in development */
export function createStage({ strict = true }: { strict?: boolean } = {}): Stage {
  const server = createTestServer()
  server.room('general', { members: ['ada', 'ben'] })
  const subscribed: string[] = []
  const open = new Map<string, string>()
  let sockets = 0
  const Socket = class extends (server.WebSocket as unknown as typeof globalThis.WebSocket) {
    #number = ++sockets
    override send(data: string) {
      const parsed: unknown = data.startsWith('{') || data.startsWith('[') ? JSON.parse(data) : []
      for (const { id, method, params } of [parsed].flat() as Call[]) {
        const key = `${this.#number} ${id}`
        if (method === 'subscription') {
          subscribed.push(params?.path ?? '')
          open.set(key, params?.path ?? '')
        }
        if (method === 'subscription.stop') open.delete(key)
      }
      super.send(data)
    }
  }
  const element = document.createElement('div')
  document.body.append(element)
  const root = createRoot(element)
  const rest = async () => {
    await server.settled()
    await new Promise((resolve) => setTimeout(resolve))
    await server.settled()
  }
  const chats: Chat[] = []
  return {
    server,
    subscribed,
    following: () => [...open.values()].sort(),
    connect: (username) => {
      const chat = createChat({ ...server.optionsFor(username), WebSocket: Socket as unknown as TestServer['WebSocket'] })
      chats.push(chat)
      return chat
    },
    element,
    root,
    render: async (node) => {
      root.render(strict ? <StrictMode>{node}</StrictMode> : node)
      await rest()
    },
    text: () => element.textContent ?? '',
    rest,
    [Symbol.asyncDispose]: async () => {
      root.unmount()
      element.remove()
      await Promise.all([...chats.map((chat) => chat.close()), server.settled()])
      await server.close()
    },
  }
}

interface BoundaryProps {
  children: ReactNode
  instead(error: Error, retry: () => void): ReactNode
}

export class Boundary extends Component<BoundaryProps, { error: Error | null }> {
  override state: { error: Error | null } = { error: null }

  static getDerivedStateFromError(error: Error) {
    return { error }
  }

  override render() {
    const { error } = this.state
    return error ? this.props.instead(error, () => this.setState({ error: null })) : this.props.children
  }
}
