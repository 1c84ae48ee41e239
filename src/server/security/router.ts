import {
  addPasskeyInput,
  confirmedInput,
  confirmInput,
  enableTwoStepInput,
  removePasskeyInput,
  renamePasskeyInput,
} from '../../contract/security'
import { noInput, router, signedInProcedure } from '../trpc'
import { addPasskey, removePasskey, renamePasskey, startPasskey } from './own-passkeys'
import { askToConfirm, confirm, disableTwoStep, enableTwoStep, renewRecoveryCodes, showSecurity, startTwoStep } from './own-security'

export const securityRouter = router({
  show: signedInProcedure.input(noInput).query(({ ctx }) => showSecurity(ctx)),
  askToConfirm: signedInProcedure.input(noInput).mutation(({ ctx }) => askToConfirm(ctx)),
  confirm: signedInProcedure.input(confirmInput).mutation(({ ctx, input }) => confirm(ctx, input)),
  startPasskey: signedInProcedure.input(confirmedInput).mutation(({ ctx, input }) => startPasskey(ctx, input.confirmation)),
  addPasskey: signedInProcedure.input(addPasskeyInput).mutation(({ ctx, input }) => addPasskey(ctx, input)),
  renamePasskey: signedInProcedure.input(renamePasskeyInput).mutation(({ ctx, input }) => renamePasskey(ctx, input)),
  removePasskey: signedInProcedure.input(removePasskeyInput).mutation(({ ctx, input }) => removePasskey(ctx, input)),
  startTwoStep: signedInProcedure.input(confirmedInput).mutation(({ ctx, input }) => startTwoStep(ctx, input.confirmation)),
  enableTwoStep: signedInProcedure.input(enableTwoStepInput).mutation(({ ctx, input }) => enableTwoStep(ctx, input.code)),
  disableTwoStep: signedInProcedure.input(confirmedInput).mutation(({ ctx, input }) => disableTwoStep(ctx, input.confirmation)),
  renewRecoveryCodes: signedInProcedure.input(confirmedInput).mutation(({ ctx, input }) => renewRecoveryCodes(ctx, input.confirmation)),
})
