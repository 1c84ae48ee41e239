import { defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** Small files that wait long. Vitest starts large files first, and would leave a worker idle at the end beside these. */
const longWaits = ['chat/half-open', 'chat/durability', 'rooms/unread', 'wire/dialogues', 'wire/judged-clients']
const crowded = ['tests/presence/crowd.test.ts']

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]) {
    const isLong = ({ moduleId }: TestSpecification) => longWaits.some((name) => moduleId.endsWith(`/tests/${name}.test.ts`))
    const sorted = await super.sort(files)
    return [...sorted.filter(isLong), ...sorted.filter((file) => !isLong(file))]
  }
}

export default defineConfig({
  test: {
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // Two, whatever the machine: most tests wait more than they compute, and each worker has services of its own.
    maxWorkers: 2,
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        extends: true,
        test: { name: 'parts', include: ['tests/{contract,fairness,house,launch,sdk,web}/**/*.test.ts'], sequence: { groupOrder: 0 } },
      },
      {
        extends: true,
        test: {
          name: 'realtime',
          include: ['tests/{abuse,admin,auth,bots,chat,data,jobs,names,people,platform,presence,rooms,search,wire}/**/*.test.ts'],
          exclude: crowded,
          globalSetup: 'tests/support/services-setup.ts',
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        // Thousands of clients, and nodes that give up what they cannot answer in some seconds: beside other tests, these would
        // not get enough of the machine.
        test: {
          name: 'crowded',
          include: crowded,
          globalSetup: 'tests/support/services-setup.ts',
          fileParallelism: false,
          sequence: { groupOrder: 3 },
        },
      },
      {
        extends: true,
        // Against a whole Roomline, started as `npm start` starts it.
        test: {
          name: 'whole',
          include: ['tests/whole/**/*.test.ts'],
          globalSetup: 'tests/support/browser-setup.ts',
          testTimeout: 120_000,
          hookTimeout: 180_000,
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        // Each example, installed as npm installs it, beside a whole Roomline.
        test: {
          name: 'examples',
          include: ['tests/examples/**/*.test.ts'],
          globalSetup: 'tests/support/browser-setup.ts',
          testTimeout: 120_000,
          hookTimeout: 240_000,
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        // People in browsers, on whole Roomlines that they share.
        test: {
          name: 'browser',
          include: ['tests/browser/**/*.test.ts'],
          globalSetup: ['tests/support/browser-setup.ts', 'tests/support/roomlines-setup.ts'],
          testTimeout: 120_000,
          hookTimeout: 180_000,
          maxConcurrency: 3,
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        // Real processes that are killed, frozen and cut, and the checker that judges what they promised.
        test: {
          name: 'faults',
          include: ['tests/faults/*.test.ts'],
          testTimeout: 180_000,
          hookTimeout: 120_000,
          fileParallelism: false,
          sequence: { groupOrder: 2 },
        },
      },
      {
        extends: true,
        // Scenarios that take minutes, with figures that need the machine to themselves: `npm run test:faults`.
        test: {
          name: 'long-faults',
          include: ['tests/faults/long/*.test.ts'],
          globalSetup: 'tests/support/browser-setup.ts',
          testTimeout: 180_000,
          hookTimeout: 120_000,
          maxConcurrency: 3,
          fileParallelism: false,
          sequence: { groupOrder: 4 },
        },
      },
    ],
  },
})
