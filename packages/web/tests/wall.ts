// Every address of the app, generated from its sources and from the built Worker, so that no new one can be forgotten.

const files = Object.keys(import.meta.glob("../src/routes/**/*.{ts,tsx}"));
const resolvers = import.meta.glob<string>("../dist/server/assets/*server-fn-resolver*.js", {
	query: "?raw",
	import: "default",
	eager: true,
});

/** The address of a route file, with a value for each parameter. */
function addressOf(file: string): string {
	const path = file
		.replace("../src/routes", "")
		.replace(/\.tsx?$/, "")
		// A dot is a slash; a dot in brackets is literal.
		.replace(/(?<!\[)\./g, "/")
		.replace(/[[\]]/g, "")
		.replace(/\/_chat\b/, "")
		.replace(/\/index$/, "");
	return path.replaceAll(/\$\w*/g, "some") || "/";
}

/** The addresses of the route files with this ending. A file whose name begins with a dash is not a route. */
const addressesOf = (ending: string) => [
	...new Set(files.filter((file) => file.endsWith(ending) && !/\/(?:__root\.|-)/.test(file)).map(addressOf)),
];
export const pages = addressesOf(".tsx").sort();
const answering = addressesOf(".ts").sort();
export const apiRoutes = answering.filter((path) => path.startsWith("/api"));
/** The API with keys, which knows no sessions. */
export const keyRoutes = answering.filter((path) => path.startsWith("/v1"));
/** Addresses that are neither a page nor called by one. */
export const plainFiles = answering.filter((path) => !/^\/(?:api|v1)/.test(path));

/** The addresses of server functions, by the functions' names. */
export const functions = new Map(
	Object.values(resolvers)
		.flatMap((source) => [...source.matchAll(/"([0-9a-f]{64})":\s*\{\s*functionName: "(\w+?)_createServerFn_handler"/g)])
		.map(([, id, name = ""]) => [name, `/_serverFn/${id}`] as const),
);

const isReading = (name: string) => name.startsWith("load");
/** The HTTP method of a server function. */
export const methodOf = (name: string): "GET" | "POST" => (isReading(name) ? "GET" : "POST");
