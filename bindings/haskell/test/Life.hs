-- SPDX-License-Identifier: MIT
-- | The binding on the library that the loader finds; as root with LXC_TEST_INIT (tests/answer.c, static) a container runs.
module Main (main) where

import Control.Exception (bracket, try)
import Control.Monad (forM_, unless, void, when)
import Data.IORef
import System.Directory
import System.Environment (lookupEnv)
import System.Exit (ExitCode (..), exitFailure)
import System.LXC
import System.Posix.Process (ProcessStatus (..), getProcessID)
import System.Posix.User (getEffectiveUserID)

main :: IO ()
main = do
  bad <- newIORef (0 :: Int)
  let check what ok = unless ok $ putStrLn ("not so: " ++ what) >> modifyIORef bad (+ 1)
      refused action = either (\e -> Just (errorText e)) (const Nothing) <$> try action
  inFolder $ \path -> do
    nothingRuns path check refused
    root <- (== 0) <$> getEffectiveUserID
    answer <- lookupEnv "LXC_TEST_INIT"
    maybe (putStrLn "no container is run: as root, with LXC_TEST_INIT") (\a -> when root $ aLife path a check refused) answer
  n <- readIORef bad
  if n > 0 then exitFailure else putStrLn "all is well"

inFolder :: (FilePath -> IO a) -> IO a
inFolder = bracket make removePathForcibly
  where
    make = do
      pid <- getProcessID
      let path = "/tmp/keg-haskell-" ++ show pid
      createDirectory path
      pure path

type Check = String -> Bool -> IO ()

nothingRuns :: FilePath -> Check -> (IO () -> IO (Maybe String)) -> IO ()
nothingRuns path check refused = do
  v <- version
  check "a version" (not (null v))
  waitStates >>= check "states" . (== ["STOPPED", "STARTING", "RUNNING"]) . take 3
  globalConfigItem "lxc.nonsense" >>= check "no such global item" . (== Nothing)
  listContainers All (Just path) >>= check "no containers" . null
  refused (void (containerIn (Just path) "a/b")) >>= check "a name with a slash" . (/= Nothing)
  c <- containerIn (Just path) "c"
  isDefined c >>= check "not defined" . not
  state c >>= check "stopped" . (== "STOPPED")
  configItem c "lxc.uts.name" >>= check "no config" . (== Nothing)
  setConfigItem c "lxc.uts.name" "alpha"
  forM_ ["mknod", "chown"] $ setConfigItem c "lxc.cap.drop"
  configItem c "lxc.uts.name" >>= check "a string" . (== Just ["alpha"])
  configItem c "lxc.cap.drop" >>= check "a list" . (== Just ["mknod", "chown"])
  refused (setConfigItem c "lxc.nonsense" "1") >>= check "an unknown key" . (== Just "c: unknown key lxc.nonsense")
  saveConfig c Nothing
  listContainers Defined (Just path) >>= check "listed" . (== ["c"])
  wait c ["RUNNING"] 0 >>= check "does not run" . not
  destroy c
  isDefined c >>= check "destroyed" . not

aLife :: FilePath -> FilePath -> Check -> (IO () -> IO (Maybe String)) -> IO ()
aLife path answer check refused = do
  let rootfs = path ++ "/a/rootfs"
  forM_ ["proc", "sys", "dev", "tmp", "etc", "root"] $ \d -> createDirectoryIfMissing True (rootfs ++ "/" ++ d)
  copyFile answer (rootfs ++ "/answer")
  writeFile (path ++ "/a/config") $ unlines
    [ "lxc.rootfs.path = dir:" ++ rootfs, "lxc.uts.name = a", "lxc.init.cmd = /answer", "lxc.mount.auto = proc:rw"
    , "lxc.net.0.type = empty" ]
  c <- containerIn (Just path) "a"
  start c
  wait c ["RUNNING"] 10 >>= check "runs"
  initPid c >>= check "has a pid" . (/= Nothing)
  listContainers Active (Just path) >>= check "is active" . (== ["a"])
  runningConfigItem c "lxc.uts.name" >>= check "its running config" . (== Just "a")
  setCgroupItem c "pids.max" "77"
  cgroupItem c "pids.max" >>= check "a limit" . (== Just "77\n")
  freeze c
  state c >>= check "frozen" . (== "FROZEN")
  unfreeze c
  refused (destroy c) >>= check "a running one is not destroyed" . (/= Nothing)
  attach c defaultAttach ["/answer", "exit", "7"] >>= check "an exit code" . (== Exited (ExitFailure 7))
  interfaces c >>= check "interfaces" . (== ["lo"])
  shutdown c 10 >>= check "shut down"
  snapshot c >>= check "a snapshot" . (== "snap0")
  map snapshotName <$> snapshots c >>= check "snapshots" . (== ["snap0"])
  k <- clone c "k" False
  m <- rename k "m"
  isDefined m >>= check "renamed"
  destroy m
  destroyWithSnapshots c
  listContainers All (Just path) >>= check "all are gone" . null
