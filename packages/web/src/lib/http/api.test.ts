import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { z } from "zod";

vi.mock("cloudflare:workers", () => ({ env: {} }));
const { ConfigError } = await import("../../config.ts");
const { api, apiForAnyVerb, readBody, readText } = await import("./api.ts");
const { refuse } = await import("./problem.ts");

const URL_OF_ROUTE = "https://parley.example/api/thing";

beforeEach(() => {
	vi.spyOn(console, "error").mockImplementation(() => {});
});

afterEach(() => {
	vi.restoreAllMocks();
});

type Route = ReturnType<typeof api>;
const call = (route: Route, init: RequestInit = {}) => route.ANY({ request: new Request(URL_OF_ROUTE, init), params: {} });

describe("an API route", () => {
	const route = api({ GET: () => new Response("read"), POST: () => new Response("done") });

	test("runs the handler of the verb, and answers HEAD as GET", async () => {
		expect(await (await call(route)).text()).toBe("read");
		expect((await call(route, { method: "HEAD" })).status).toBe(200);
		expect(await (await call(route, { method: "POST" })).text()).toBe("done");
	});

	test("answers any other method with 405 and the allowed methods", async () => {
		for (const method of ["PUT", "PATCH", "DELETE", "OPTIONS"]) {
			const response = await call(route, { method });
			expect(response.status).toBe(405);
			expect(response.headers.get("allow")).toBe("GET, POST");
		}
	});

	test("forbids caching and type sniffing for answers and problems", async () => {
		for (const response of [await call(route), await call(route, { method: "DELETE" })]) {
			expect(response.headers.get("cache-control")).toBe("private, no-store");
			expect(response.headers.get("x-content-type-options")).toBe("nosniff");
		}
	});
});

describe("an error in a handler", () => {
	const failing = (error: unknown) =>
		apiForAnyVerb(() => {
			throw error;
		});

	test("becomes the problem that was thrown, with its headers", async () => {
		const response = await call(apiForAnyVerb(() => refuse("chat-not-found", "There is no such chat.", { "x-from": "handler" })));
		expect(response.status).toBe(404);
		expect(response.headers.get("x-from")).toBe("handler");
		expect(await response.json()).toMatchObject({ title: "Chat not found", detail: "There is no such chat." });
		expect(console.error).not.toHaveBeenCalled();
	});

	test("is logged by name, and its message is neither logged nor shown", async () => {
		const error = new Error("the password is hunter2");
		const response = await call(failing(error));
		expect(response.status).toBe(500);
		const text = await response.text();
		expect(text).not.toContain("hunter2");
		const { requestId } = JSON.parse(text);
		expect(console.error).toHaveBeenCalledExactlyOnceWith(expect.stringMatching(/^500 GET \/\S+ [\w-]{36}: Error at [\w.:]+$/));
		expect(console.error).toHaveBeenCalledExactlyOnceWith(expect.stringContaining(` ${requestId}: `));
	});

	test("in the configuration becomes a 503 that does not name the variable", async () => {
		const response = await call(failing(new ConfigError("Configuration: STRIPE_SECRET_KEY must be set")));
		expect(response.status).toBe(503);
		expect(await response.text()).not.toContain("STRIPE_SECRET_KEY");
	});

	test("of the database becomes a 503 without the query, unless the query broke a rule of the schema", async () => {
		const failed = (message: string) => new Error("Failed query: select token", { cause: new Error(message) });
		const down = await call(failing(failed("D1_ERROR: Network connection lost.")));
		expect([down.status, down.headers.get("retry-after")]).toEqual([503, "5"]);
		expect(await down.text()).not.toMatch(/select|Network/);
		const broken = await call(failing(failed("D1_ERROR: UNIQUE constraint failed: users.email: SQLITE_CONSTRAINT")));
		expect(broken.status).toBe(500);
	});
});

describe("a body", () => {
	const schema = z.object({ amount: z.int().min(1), note: z.string().optional() });
	const post = (body: BodyInit, headers: HeadersInit = {}) => new Request(URL_OF_ROUTE, { method: "POST", body, headers });
	const refusalOf = (reading: Promise<unknown>) =>
		reading.then(
			() => null,
			({ code, detail }) => ({ code, detail }),
		);

	test("is parsed by its schema", async () => {
		expect(await readBody(post('{"amount":2,"extra":true}'), schema)).toEqual({ amount: 2 });
	});

	test("that breaks off, as a malformed chunk does, is refused as the client's mistake", async () => {
		const broken = new ReadableStream<Uint8Array>({
			pull(controller) {
				controller.enqueue(new TextEncoder().encode('{"amount":'));
				controller.error(new TypeError("Invalid chunk"));
			},
		});
		const request = Object.defineProperty(post("x"), "body", { value: broken });
		expect(await refusalOf(readBody(request, schema))).toMatchObject({
			code: "invalid-request",
			detail: expect.stringContaining("broke off"),
		});
	});

	test("is refused when it is empty or not JSON", async () => {
		for (const text of ["", "{", "amount=2", "\ufeff{}"])
			expect(await refusalOf(readBody(post(text), schema))).toMatchObject({ code: "invalid-json" });
	});

	test("is refused with the client's own field names, at most three", async () => {
		expect(await refusalOf(readBody(post("null"), schema))).toMatchObject({
			code: "invalid-request",
			detail: expect.stringMatching(/^body: /),
		});
		const { detail = "" } = (await refusalOf(readBody(post('{"amount":"2","note":7}'), schema))) ?? {};
		expect(detail).toMatch(/^amount: .+; note: .+$/);
		const many = z.object(Object.fromEntries(["a", "b", "c", "d"].map((name) => [name, z.string()])));
		expect((await refusalOf(readBody(post("{}"), many)))?.detail.split("; ")).toHaveLength(3);
	});

	test("is accepted up to its limit in bytes, whatever Content-Length says", async () => {
		expect(await readText(post("ä".repeat(8)), 16)).toBe("ä".repeat(8));
		expect(await refusalOf(readText(post("ä".repeat(8)), 15))).toMatchObject({ code: "body-too-large" });
		const chunks = () => new Blob(["x".repeat(10), "y".repeat(10)]).stream();
		const chunked = new Request(URL_OF_ROUTE, { method: "POST", body: chunks(), duplex: "half" } as RequestInit);
		expect(await refusalOf(readText(chunked, 19))).toMatchObject({ code: "body-too-large" });
	});

	test("keeps a character that is split across two chunks, and a byte order mark", async () => {
		const bytes = new TextEncoder().encode("\ufeffä");
		const body = new ReadableStream({
			start: (controller) => {
				for (const byte of bytes) controller.enqueue(Uint8Array.of(byte));
				controller.close();
			},
		});
		expect(await readText(new Request(URL_OF_ROUTE, { method: "POST", body, duplex: "half" } as RequestInit), 16)).toBe("\ufeffä");
	});
});
