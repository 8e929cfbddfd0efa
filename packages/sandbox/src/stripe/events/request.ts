import { AsyncLocalStorage } from "node:async_hooks";

interface ApiRequest {
	id: string;
	idempotency_key: string | null;
}

/** The call that is being answered, which its events name; outside of one, nobody asked for what happens. */
export const apiRequest = new AsyncLocalStorage<ApiRequest>();
