"""Where HTTP comes in: a connection has a thread only while a whole request is worked on."""
