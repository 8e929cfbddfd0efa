const BYTES_MAX = 16 * 1024 * 1024;
const WAITS_MAX = 20;
const WAIT_MS = 100;

/**
 * Reads and discards whatever a handler left unread of a request's body: at most 16 MiB and 2 s. Beyond that the runtime drops the connection.
 *
 * workerd closes a connection with more than 64 KiB unread after the answer. On Cloudflare the edge hides that; `wrangler dev` reuses the closed
 * connection, so the next request fails with 500. The cap exceeds a loopback socket's buffers: a proxy that is still sending does not reuse.
 */
export async function drainBody(request: Request): Promise<void> {
	const { body } = request;
	// Locked: read, or being read, elsewhere.
	if (!body || body.locked) return;
	const reader = body.getReader();
	const giveUp = () => void reader.cancel().catch(() => {});
	let waits = 0;
	// Short waits, so that a machine that stalls for seconds does not use up the time for a body that has arrived.
	const wait = () => {
		waits += 1;
		if (waits === WAITS_MAX) giveUp();
		else timer = setTimeout(wait, WAIT_MS);
	};
	let timer = setTimeout(wait, WAIT_MS);
	try {
		for (let bytes = 0; bytes < BYTES_MAX; ) {
			const { done, value } = await reader.read();
			if (done) return;
			bytes += value.byteLength;
		}
		giveUp();
	} catch {
		// The client disconnected, or its body is malformed. There is nothing left to read.
	} finally {
		clearTimeout(timer);
	}
}
