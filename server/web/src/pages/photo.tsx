// A photo by file or camera.

import Alert from "@mui/material/Alert";
import Box from "@mui/material/Box";
import Button from "@mui/material/Button";
import Stack from "@mui/material/Stack";
import { useEffect, useRef, useState } from "react";
import { w } from "../words";

/** Pixels on a side of a picture from the camera; the server keeps no more. */
const SIDE_PX = 512;

function Camera({ onShot, onClose }: { onShot: (picture: Blob) => void; onClose: () => void }) {
  const video = useRef<HTMLVideoElement>(null);
  const [hasFailed, setFailed] = useState(false);
  useEffect(() => {
    let stream: MediaStream | null = null;
    let isGone = false;
    const open = async () => {
      try {
        stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "user" } });
        if (isGone) for (const track of stream.getTracks()) track.stop();
        else if (video.current) video.current.srcObject = stream;
      } catch {
        setFailed(true);
      }
    };
    void open();
    return () => {
      isGone = true;
      for (const track of stream?.getTracks() ?? []) track.stop();
    };
  }, []);
  const shoot = () => {
    const source = video.current;
    if (!source?.videoWidth) return;
    const side = Math.min(source.videoWidth, source.videoHeight);
    const canvas = document.createElement("canvas");
    canvas.width = SIDE_PX;
    canvas.height = SIDE_PX;
    const left = (source.videoWidth - side) / 2;
    const top = (source.videoHeight - side) / 2;
    canvas.getContext("2d")?.drawImage(source, left, top, side, side, 0, 0, SIDE_PX, SIDE_PX);
    canvas.toBlob((picture) => picture && onShot(picture), "image/jpeg", 0.9);
  };
  if (hasFailed) return <Alert severity="warning">{w.person.cameraFailed}</Alert>;
  return (
    <Stack spacing={1}>
      <Box
        component="video"
        ref={video}
        autoPlay
        muted
        playsInline
        sx={{ width: 240, height: 240, objectFit: "cover", borderRadius: 2 }}
      />
      <Stack direction="row" spacing={1}>
        <Button variant="outlined" onClick={shoot}>
          {w.person.shoot}
        </Button>
        <Button onClick={onClose}>{w.act.cancel}</Button>
      </Stack>
    </Stack>
  );
}

export function PhotoChooser({ onPicture }: { onPicture: (picture: Blob) => void }) {
  const [isShooting, setShooting] = useState(false);
  const file = useRef<HTMLInputElement>(null);
  if (isShooting) {
    return (
      <Camera
        onShot={(picture) => {
          setShooting(false);
          onPicture(picture);
        }}
        onClose={() => setShooting(false)}
      />
    );
  }
  return (
    <Stack direction="row" spacing={1} sx={{ flexWrap: "wrap" }}>
      <Button size="small" variant="outlined" onClick={() => file.current?.click()}>
        {w.person.choosePhoto}
      </Button>
      <input
        ref={file}
        type="file"
        accept="image/jpeg,image/png"
        aria-label={w.person.photo}
        tabIndex={-1}
        style={{ position: "absolute", width: 1, height: 1, opacity: 0, pointerEvents: "none" }}
        onChange={(event) => {
          const picture = event.target.files?.[0];
          if (picture) onPicture(picture);
          event.target.value = "";
        }}
      />
      <Button size="small" variant="outlined" onClick={() => setShooting(true)}>
        {w.person.takePhoto}
      </Button>
    </Stack>
  );
}
