"""Every page: read the snapshot, compute, render; and the frame, the door and the site around them."""
