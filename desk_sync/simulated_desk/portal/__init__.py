"""The state of one simulated portal: fields, tickets, conversations, people, webhooks; and the operations on them."""
