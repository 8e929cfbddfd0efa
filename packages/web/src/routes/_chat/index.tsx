import { createFileRoute } from "@tanstack/react-router";

/** The frame draws the blank page itself, so that it stays when it becomes a chat. */
export const Route = createFileRoute("/_chat/")({ component: () => null });
