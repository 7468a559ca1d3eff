"""(3) Proposes masks of the objects in a photo; mask geometry and encoding."""
