import { createMiddleware, createStart } from "@tanstack/react-start";
import { getRequest } from "@tanstack/react-start/server";
import { fetchFunction } from "./components/session/page-viewer.ts";
import { answerCall, runFunction } from "./lib/http/server-functions.ts";
import { noteStartEvent } from "./lib/http/start-event.ts";
import { followDevClock } from "./lib/time/dev-clock.ts";

/** Gives server.ts access to Start's state of the request. */
const startEvent = createMiddleware().server(({ next, request }) => {
	noteStartEvent(request);
	return next();
});

/** Loads the development clock before anything reads the time. */
const devClock = createMiddleware().server(async ({ next, request }) => (await followDevClock(request)) ?? next());

const malformedCalls = createMiddleware().server(({ next, request, handlerType }) =>
	handlerType === "serverFn" ? answerCall(request, async () => next()) : next(),
);

const problems = createMiddleware({ type: "function" }).server(({ next }) => runFunction(getRequest(), async () => next()));

/** Start's own check of the origin is replaced by lib/http/wall.ts, which covers API routes and pages too. */
export const startInstance = createStart(() => ({
	requestMiddleware: [startEvent, devClock, malformedCalls],
	functionMiddleware: [problems],
	serverFns: { fetch: fetchFunction },
}));
