import { afterEach, describe, expect, test, vi } from "vitest";
import { drainBody } from "./drain.ts";

const KIB_64 = new Uint8Array(64 * 1024);

/** A request whose body has this many chunks of 64 KiB, then ends or stalls. */
function upload(chunks: number, then: "ends" | "stalls") {
	const seen = { chunks: 0, ended: false, cancelled: false };
	const body = new ReadableStream<Uint8Array>(
		{
			pull(controller) {
				if (seen.chunks >= chunks) {
					if (then === "stalls") return new Promise(() => {});
					seen.ended = true;
					return controller.close();
				}
				seen.chunks += 1;
				controller.enqueue(KIB_64);
			},
			cancel: () => {
				seen.cancelled = true;
			},
		},
		{ highWaterMark: 0 },
	);
	// Node's `fetch` needs `duplex` for a streamed body; the Workers types do not have it.
	const init = { method: "POST", body, duplex: "half" };
	return { seen, request: new Request("http://localhost/", init) };
}

afterEach(() => void vi.useRealTimers());

describe("drainBody", () => {
	test("reads an unread body to its end", async () => {
		const { request, seen } = upload(80, "ends");
		await drainBody(request);
		expect(seen).toEqual({ chunks: 80, ended: true, cancelled: false });
	});

	test("stops after 16 MiB of an endless body", async () => {
		const { request, seen } = upload(Number.POSITIVE_INFINITY, "ends");
		await drainBody(request);
		expect(seen).toEqual({ chunks: 256, ended: false, cancelled: true });
	});

	test("stops after 2 s of a body that stalls", async () => {
		vi.useFakeTimers();
		const { request, seen } = upload(3, "stalls");
		const drained = drainBody(request).then(() => "drained");
		await vi.advanceTimersByTimeAsync(1_999);
		expect(seen).toEqual({ chunks: 3, ended: false, cancelled: false });
		await vi.advanceTimersByTimeAsync(1);
		expect(await drained).toBe("drained");
		expect(seen.cancelled).toBe(true);
	});

	test("continues when the whole process stalls and a timer is late", async () => {
		vi.useFakeTimers();
		const { request, seen } = upload(3, "stalls");
		void drainBody(request);
		await vi.advanceTimersToNextTimerAsync();
		expect(seen.cancelled).toBe(false);
	});

	test("ignores a body that is being read elsewhere, and a request without a body", async () => {
		const request = new Request("http://localhost/", { method: "POST", body: "text" });
		const text = request.text();
		await drainBody(request);
		expect(await text).toBe("text");
		await drainBody(new Request("http://localhost/"));
	});

	test("resolves when the client disconnects", async () => {
		const body = new ReadableStream({ pull: (controller) => controller.error(new Error("Network connection lost.")) });
		const init = { method: "POST", body, duplex: "half" };
		await drainBody(new Request("http://localhost/", init));
	});
});
