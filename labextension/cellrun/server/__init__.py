"""The server extension: runs over HTTP and a live stream, for the side bar panel, the portal and jobs elsewhere."""
