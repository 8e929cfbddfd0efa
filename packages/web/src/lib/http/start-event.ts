import type { AsyncLocalStorage } from "node:async_hooks";

/** Start's state of a request, in the AsyncLocalStorage that the request runs in. */
interface StartEvent {
	currentResponse?: Response | undefined;
}

/** The name under which Start's packages share that storage. */
const STORAGE = Symbol.for("tanstack-start:event-storage");

const events = new WeakMap<Request, StartEvent>();

/** Remembers Start's event for a request. Must be called while Start answers it. */
export function noteStartEvent(request: Request): void {
	const storage: AsyncLocalStorage<StartEvent> | undefined = Reflect.get(globalThis, STORAGE);
	const event = storage?.getStore();
	if (event) events.set(request, event);
}

/**
 * Removes the response from Start's event after Start has answered. A response keeps the context it was created in, and workerd collects no cycle
 * through a context, so each request would leak 4 KB for as long as the isolate lives. `npm run fuzz` measures that.
 */
export function dropStartResponse(request: Request): void {
	const event = events.get(request);
	if (event) event.currentResponse = undefined;
}
