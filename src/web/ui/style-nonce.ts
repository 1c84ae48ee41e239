import { setNonce } from 'get-nonce'

// An open dialog or menu adds a style element that keeps the page behind it from scrolling. The policy of the pages wants
// their nonce on it, and the browser shows a nonce to scripts only as a property.
if (typeof document !== 'undefined') setNonce(document.querySelector<HTMLScriptElement>('script[nonce]')?.nonce ?? '')
