import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { afterEach, describe, expect, test, vi } from "vitest";
import { Broadcast } from "./broadcast.ts";

const read = (stream: ReadableStream<Uint8Array>) => new Response(stream).text();

describe("Broadcast", () => {
	test("sends a late reader everything from the beginning", async () => {
		const broadcast = new Broadcast();
		const early = broadcast.join();
		broadcast.send("one ");
		broadcast.send("two ");
		const late = broadcast.join();
		broadcast.send("three");
		broadcast.close();
		expect(await Promise.all([early, late].map(read))).toEqual(["one two three", "one two three"]);
	});

	test("replays everything to a reader that joins after the end", async () => {
		const broadcast = new Broadcast();
		broadcast.send("all of it");
		broadcast.close();
		expect([await read(broadcast.join()), await read(broadcast.join())]).toEqual(["all of it", "all of it"]);
	});

	test("sends a waiting reader each piece when it is sent", async () => {
		const broadcast = new Broadcast();
		const reader = broadcast.join().getReader();
		for (const piece of ["one", "two"]) {
			const next = reader.read();
			broadcast.send(piece);
			expect(new TextDecoder().decode((await next).value)).toBe(piece);
		}
	});

	test("continues for the other readers when one leaves", async () => {
		const broadcast = new Broadcast();
		const [leaving, staying] = [broadcast.join(), broadcast.join()];
		broadcast.send("before ");
		await leaving.cancel();
		broadcast.send("after");
		broadcast.close();
		expect(await read(staying)).toBe("before after");
	});

	test("reports once that a reader is gone, at its end or when it leaves", async () => {
		const broadcast = new Broadcast();
		const left = vi.fn();
		const leaving = broadcast.join(left);
		const reading = read(broadcast.join(left));
		expect(broadcast.readers).toBe(2);
		await leaving.cancel();
		expect(left).toHaveBeenCalledTimes(1);
		broadcast.close();
		await reading;
		expect(left).toHaveBeenCalledTimes(2);
		expect(broadcast.readers).toBe(0);
	});
});

describe("a reader that does not read", () => {
	afterEach(() => void vi.useRealTimers());

	test("is dropped after a minute, even after the end of the answer", async () => {
		vi.useFakeTimers();
		const broadcast = new Broadcast();
		const left = vi.fn();
		const stalled = broadcast.join(left);
		broadcast.send("unread");
		broadcast.close();
		await vi.advanceTimersByTimeAsync(59_000);
		expect(left).not.toHaveBeenCalled();
		await vi.advanceTimersByTimeAsync(2_000);
		expect(left).toHaveBeenCalledTimes(1);
		await expect(read(stalled)).rejects.toThrow("took nothing");
	});

	test("is kept while it has read everything and waits for more", async () => {
		vi.useFakeTimers();
		const broadcast = new Broadcast();
		const reader = broadcast.join().getReader();
		const waiting = reader.read();
		await vi.advanceTimersByTimeAsync(300_000);
		broadcast.send("late");
		expect(new TextDecoder().decode((await waiting).value)).toBe("late");
	});

	test("holds no copy: 50 of them use at most 20 % more memory than one", () => {
		setFlagsFromString("--expose-gc");
		const collect: () => void = runInNewContext("gc");
		/** Bytes held by an answer of 300,000 characters and its readers. */
		const bytesOf = (readers: number) => {
			const used = () => {
				collect();
				const { heapUsed, external, arrayBuffers } = process.memoryUsage();
				return heapUsed + external + arrayBuffers;
			};
			const before = used();
			const broadcast = new Broadcast();
			const streams = Array.from({ length: readers }, () => broadcast.join());
			for (let n = 0; n < 60_000; n += 1) broadcast.send(`data: {"type":"text-delta","id":"0","delta":"w${n % 1000} "}\n\n`);
			broadcast.close();
			const bytes = used() - before;
			expect(streams.length + broadcast.readers).toBe(2 * readers);
			return bytes;
		};
		bytesOf(1);
		expect(bytesOf(50) / bytesOf(1)).toBeLessThanOrEqual(1.2);
	});
});
