import { describe, expect, test } from "vitest";
import { Broadcast } from "./broadcast.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const read = (stream: ReadableStream<Uint8Array>) => new Response(stream).text();

describe("Broadcast", () => {
	test("sends a late reader everything from the beginning", async () => {
		const broadcast = new Broadcast();
		const early = broadcast.join();
		broadcast.send(bytes("one "));
		broadcast.send(bytes("two "));
		const late = broadcast.join();
		broadcast.send(bytes("three"));
		broadcast.close();
		expect(await Promise.all([early, late].map(read))).toEqual(["one two three", "one two three"]);
	});

	test("replays all bytes to a reader that joins after the end", async () => {
		const broadcast = new Broadcast();
		broadcast.send(bytes("all of it"));
		broadcast.close();
		expect([await read(broadcast.join()), await read(broadcast.join())]).toEqual(["all of it", "all of it"]);
	});

	test("continues for the other readers when one leaves", async () => {
		const broadcast = new Broadcast();
		const [leaving, staying] = [broadcast.join(), broadcast.join()];
		broadcast.send(bytes("before "));
		await leaving.cancel();
		broadcast.send(bytes("after"));
		broadcast.close();
		expect(await read(staying)).toBe("before after");
	});

	test("keeps its bytes when a reader changes or detaches what it received", async () => {
		const broadcast = new Broadcast();
		broadcast.send(bytes("intact"));
		const reader = broadcast.join().getReader();
		const { value } = await reader.read();
		value?.fill(0);
		broadcast.close();
		expect(await read(broadcast.join())).toBe("intact");
	});
});
