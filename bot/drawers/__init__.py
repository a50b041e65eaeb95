"""What each kind of outbox message looks like now: one module per noun, one use case and one view per function.

The functions are rows of `bot.sender.DRAWERS`.
"""
