import { AsyncLocalStorage } from "node:async_hooks";

interface ApiRequest {
	id: string;
	idempotency_key: string | null;
}

/** The current API request, which its events name. Undefined when time, not a request, causes an event. */
export const apiRequest = new AsyncLocalStorage<ApiRequest>();
