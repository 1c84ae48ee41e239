import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import { closeCodes } from '../../contract/failures'

/** The metrics of a realtime node, for Prometheus. */
export interface Metrics {
  /** A message was stored. @param seconds from the send to its commit */
  messageStored(seconds: number): void
  /** Changes of a followed room did not arrive as news, and were read from Postgres. */
  changesRead(count: number): void
  /** A socket was closed; `network` when the connection broke. */
  closed(by: 'server' | 'client' | 'network', code: number): void
  /** A run of a job is over. */
  jobEnded(job: string, outcome: 'done' | 'retried' | 'given up'): void
  /** How much background work is waiting, in the whole installation. */
  jobsCounted(counts: { changes: number; oldestChangeSeconds: number; jobs: number; givenUpJobs: number }): void
  /** Reads the current values at each scrape. */
  watch(now: () => { connections: number; rooms: number; followers: number; redisAlive: boolean }): void
  /** The text for Prometheus, and its content type. */
  read(): Promise<{ text: string; contentType: string }>
}

/** The metrics of the web server, for Prometheus. */
export interface WebMetrics extends Pick<Metrics, 'read'> {
  /** A request was answered. @param status its HTTP status */
  answered(status: number): void
}

function createRegistry() {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  return { registers: [registry], read: async () => ({ text: await registry.metrics(), contentType: registry.contentType }) }
}

/** @param running the number of requests that are being answered now */
export function createWebMetrics(running: () => number): WebMetrics {
  const { registers, read } = createRegistry()
  new Gauge({
    name: 'roomline_http_requests_under_way',
    help: 'Requests being answered now.',
    registers,
    collect() {
      this.set(running())
    },
  })
  const requests = new Counter({
    name: 'roomline_http_requests_total',
    help: 'Answered requests, by class of status.',
    labelNames: ['status'],
    registers,
  })
  return { answered: (status) => requests.inc({ status: `${Math.floor(status / 100)}xx` }), read }
}

export function createMetrics(): Metrics {
  const { registers, read: readAll } = createRegistry()
  const stored = new Histogram({
    name: 'roomline_message_store_seconds',
    help: 'From a send to its commit.',
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
    registers,
  })
  const read = new Counter({
    name: 'roomline_changes_read_total',
    help: 'Changes of followed rooms that did not arrive as news and were read from Postgres.',
    registers,
  })
  const closed = new Counter({
    name: 'roomline_closed_total',
    help: 'Closed sockets, by who closed them (server, client, or network when the connection broke) and by close code.',
    labelNames: ['by', 'code'],
    registers,
  })
  const jobsEnded = new Counter({
    name: 'roomline_jobs_total',
    help: 'Runs of jobs on this node, by job and outcome: done, retried (it failed and is tried again), given up (it failed too often).',
    labelNames: ['job', 'outcome'],
    registers,
  })
  const gauge = (name: string, help: string) => new Gauge({ name, help: `${help} The same on every node, counted every 10 s.`, registers })
  const counted = {
    changes: gauge('roomline_after_commit_waiting', 'Stored changes whose after-commit work is not done yet, up to 10,000.'),
    oldestChangeSeconds: gauge('roomline_after_commit_oldest_seconds', 'How long the oldest of them has been waiting.'),
    jobs: gauge('roomline_jobs_waiting', 'Jobs that are waiting or running, up to 10,000.'),
    givenUpJobs: gauge('roomline_jobs_given_up', 'Jobs that failed too often and are kept for a month, up to 10,000.'),
  }
  return {
    messageStored: (seconds) => stored.observe(seconds),
    changesRead: (count) => read.inc(count),
    closed: (by, code) => closed.inc({ by, code: isKnownCode(code) ? code : 'other' }),
    jobEnded: (job, outcome) => jobsEnded.inc({ job, outcome }),
    jobsCounted: (counts) => {
      for (const [key, value] of Object.entries(counts)) counted[key as keyof typeof counted].set(value)
    },
    watch: (now) => {
      const gauges = {
        connections: ['roomline_connections', 'Open sockets.'],
        rooms: ['roomline_rooms_followed', 'Rooms with followers on this node.'],
        followers: ['roomline_followers', 'Subscriptions to rooms on this node.'],
        redisAlive: [
          'roomline_redis_alive',
          '1 when news travels over Redis; 0 when this node is degraded and reads Postgres once a second.',
        ],
      } as const
      for (const [key, [name, help]] of Object.entries(gauges)) {
        new Gauge({
          name,
          help,
          registers,
          collect() {
            this.set(Number(now()[key as keyof typeof gauges]))
          },
        })
      }
    },
    read: readAll,
  }
}

/** A client may close with any code from 3000 on. Each would become a separate series in Prometheus. */
const isKnownCode = (code: number) => code < 3_000 || Object.values(closeCodes).some((known) => known.code === code)
