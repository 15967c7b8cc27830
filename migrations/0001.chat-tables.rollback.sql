-- The chat tables hold people's chats, and may not have been ours to begin with: they stay.
select 1;
