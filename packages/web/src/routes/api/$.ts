import { createFileRoute } from "@tanstack/react-router";
import { api, refuse } from "../../lib/http.ts";

const missing = () => refuse(404, "Not found", "There is nothing at this address.");

export const Route = createFileRoute("/api/$")({
	server: { handlers: api({ GET: missing, POST: missing, DELETE: missing }) },
});
