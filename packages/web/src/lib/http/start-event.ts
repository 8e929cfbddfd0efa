import type { AsyncLocalStorage } from "node:async_hooks";

/** What Start keeps of a request, in the AsyncLocalStorage that it runs the request in. */
interface StartEvent {
	currentResponse?: Response | undefined;
}

/** The name under which Start shares that storage between its packages. */
const STORAGE = Symbol.for("tanstack-start:event-storage");

const events = new WeakMap<Request, StartEvent>();

/** Remembers Start's event of a request. Called while Start answers it. */
export function noteStartEvent(request: Request): void {
	const storage: AsyncLocalStorage<StartEvent> | undefined = Reflect.get(globalThis, STORAGE);
	const event = storage?.getStore();
	if (event) events.set(request, event);
}

/**
 * Takes the response out of Start's event once Start has answered. A response keeps the context that it was made in, and workerd collects no cycle
 * through a context: each request would stay in memory, 4 KB of it, for as long as the isolate lives. `npm run fuzz` measures that.
 */
export function dropStartResponse(request: Request): void {
	const event = events.get(request);
	if (event) event.currentResponse = undefined;
}
