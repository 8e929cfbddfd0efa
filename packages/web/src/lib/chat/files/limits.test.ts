import { expect, test, vi } from "vitest";

const bindings: { FILES?: object } = {};
vi.mock("cloudflare:workers", () => ({ env: bindings }));
const { FILE_LIMITS, fileLimit } = await import("./limits.ts");

test("the size limit is lower without a bucket, because the chat's object stores the file", () => {
	expect(fileLimit("paid")).toEqual({ count: 10, bytes: 256 * 1024 });
	bindings.FILES = {};
	expect(fileLimit("paid")).toEqual({ count: 10, bytes: FILE_LIMITS.paid.bytes });
	expect(fileLimit("guest").bytes).toBeLessThan(fileLimit("free").bytes);
});
