"""What a submitted cell shows besides text: figures, pictures and pages, which its run keeps."""
