import { createFileRoute } from "@tanstack/react-router";

/** The parent route renders the new chat, so that it stays mounted when the chat gets its URL. */
export const Route = createFileRoute("/_chat/")({ component: () => null });
