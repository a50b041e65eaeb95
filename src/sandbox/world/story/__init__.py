"""The tickets that the demonstration is about. Everything else in the world is filler around them."""

from sandbox.world.story.others import MODELS_STORY, OTHERS, PAYMENTS_STORY
from sandbox.world.story.platform import PLATFORM_STORY
from sandbox.world.story.spec import MODELS, PAYMENTS, PLATFORM, Spec

__all__ = ["MODELS", "PAYMENTS", "PLATFORM", "STORY", "Spec"]

STORY = (*PLATFORM_STORY, *PAYMENTS_STORY, *MODELS_STORY, *OTHERS)
