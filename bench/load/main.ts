import { serveActs } from '../acts'
import { callInTurn, makeCall, race } from './calls'
import { connectAll } from './connects'
import { type Crowd, type CrowdPlan, openCrowd } from './crowd'
import { flood } from './flood'
import { closeLists, countListEvents, openInTurn, openLists } from './lists'
import { resume } from './resume'

let crowd: Crowd | null = null

function requireCrowd(): Crowd {
  if (!crowd) throw new Error('no crowd is open')
  return crowd
}

/** The functions of the load process. */
const acts = {
  open: async (plan: CrowdPlan): Promise<void> => {
    crowd?.close()
    crowd = await openCrowd(plan)
  },
  steady: (input: Parameters<Crowd['steady']>[0]) => requireCrowd().steady(input),
  burst: (input: Parameters<Crowd['burst']>[0]) => requireCrowd().burst(input),
  oneByOne: (input: Parameters<Crowd['oneByOne']>[0]) => requireCrowd().oneByOne(input),
  flood,
  connect: connectAll,
  resume,
  makeCall,
  callInTurn,
  race,
  openLists,
  openInTurn,
  countListEvents,
  closeLists,
}

export type LoadActs = typeof acts

serveActs(acts)
