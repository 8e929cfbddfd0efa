// Every address of the app, generated from its sources and from the built Worker, so that a new one cannot be forgotten.

const files = Object.keys(import.meta.glob("../src/routes/**/*.{ts,tsx}"));
const resolvers = import.meta.glob<string>("../dist/server/assets/*server-fn-resolver*.js", {
	query: "?raw",
	import: "default",
	eager: true,
});

/** The address of a route's file, with a value for each parameter. */
function addressOf(file: string): string {
	const path = file
		.replace("../src/routes", "")
		.replace(/\.tsx?$/, "")
		// A dot is a slash, and a dot in brackets is itself.
		.replace(/(?<!\[)\./g, "/")
		.replace(/[[\]]/g, "")
		.replace(/\/_chat\b/, "")
		.replace(/\/index$/, "");
	return path.replaceAll(/\$\w*/g, "some") || "/";
}

/** The addresses of the routes whose files end so. A file that begins with a dash is none. */
const addressesOf = (ending: string) => [
	...new Set(files.filter((file) => file.endsWith(ending) && !/\/(?:__root\.|-)/.test(file)).map(addressOf)),
];
export const pages = addressesOf(".tsx").sort();
const answering = addressesOf(".ts").sort();
export const apiRoutes = answering.filter((path) => path.startsWith("/api"));
/** The API by keys, which knows no sessions. */
export const keyRoutes = answering.filter((path) => path.startsWith("/v1"));
/** What is neither a page nor called by one. */
export const plainFiles = answering.filter((path) => !/^\/(?:api|v1)/.test(path));

/** The addresses of server functions, by the functions' names. */
export const functions = new Map(
	Object.values(resolvers)
		.flatMap((source) => [...source.matchAll(/"([0-9a-f]{64})":\s*\{\s*functionName: "(\w+?)_createServerFn_handler"/g)])
		.map(([, id, name = ""]) => [name, `/_serverFn/${id}`] as const),
);

const isReading = (name: string) => name.startsWith("load");
/** The method that a server function is called with. */
export const methodOf = (name: string): "GET" | "POST" => (isReading(name) ? "GET" : "POST");
