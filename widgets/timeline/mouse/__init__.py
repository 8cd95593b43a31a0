"""The mouse on the timeline: buttons, gestures, wheel, and the surface that drags see."""
