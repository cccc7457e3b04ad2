"""What anybody may see: the start page, funded projects, and the paragraph each was decided under."""
