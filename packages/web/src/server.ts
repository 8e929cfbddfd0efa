import handler from "@tanstack/react-start/server-entry";

export { ChatList } from "./objects/chat-list.ts";
export { Conversation } from "./objects/conversation.ts";
export { UsageLedger } from "./objects/usage-ledger.ts";

export default handler;
