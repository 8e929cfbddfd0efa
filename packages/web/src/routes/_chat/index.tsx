import { createFileRoute } from "@tanstack/react-router";

/** The parent route draws the new chat, so that it stays mounted when the chat gets its address. */
export const Route = createFileRoute("/_chat/")({ component: () => null });
