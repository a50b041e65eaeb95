"""`interlock doctor`: looks at everything that Interlock needs, says how it is and what would mend it. It decides
nothing, posts nothing and changes nothing."""
