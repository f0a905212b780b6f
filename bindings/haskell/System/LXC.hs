-- SPDX-License-Identifier: MIT
{-# LANGUAGE LambdaCase #-}
{- |
Linux system containers by @liblxc.so.1@.

> import System.LXC
>
> main = do
>   c <- container "web1"
>   there <- isDefined c
>   unless there $ create c (Just "busybox") []
>   start c
>   code <- attach c defaultAttach ["hostname"]
>   stop c

What cannot be done throws 'LXCError' with the library's words; what has a time limit answers 'False' when it is up.
-}
module System.LXC
  ( -- * Containers
    Container, containerName, container, containerIn, LXCError (..)
    -- * The system
  , version, waitStates, globalConfigItem, configItemIsSupported, hasApiExtension, Which (..), listContainers
    -- * What it is
  , State, isDefined, isRunning, state, initPid, mayControl, configFileName, configPath, setConfigPath
    -- * Its config
  , loadConfig, saveConfig, clearConfig, configItem, setConfigItem, clearConfigItem, keys, runningConfigItem
    -- * Its life
  , create, start, startWith, stop, shutdown, reboot, freeze, unfreeze, wait, destroy, destroyWithSnapshots, rename, clone
    -- * Snapshots
  , Snapshot (..), snapshot, snapshots, restoreSnapshot, destroySnapshot, destroySnapshots
    -- * Inside
  , AttachOptions (..), defaultAttach, attach, attachWithoutWait, ttyFd, interfaces, ips
  , cgroupItem, setCgroupItem, addDeviceNode, removeDeviceNode, attachInterface, detachInterface
  ) where

import Control.Exception (Exception, throwIO)
import Control.Monad (forM, unless, void, when)
import Data.List (intercalate, isSuffixOf)
import Foreign hiding (void)
import Foreign.C
import qualified Foreign.Concurrent as Finalizer
import System.LXC.Table
import System.Posix.Process (ProcessStatus, getProcessStatus)
import System.Posix.Types (Fd (..), ProcessID)

-- | A container, whether it is there yet or not.
data Container = Container {containerName :: String, object :: ForeignPtr Object}

instance Show Container where
  show c = "container " ++ show (containerName c)

-- | The library's own words, and the errno.
data LXCError = LXCError {errorText :: String, errorNumber :: Int} deriving (Show, Eq)

instance Exception LXCError

-- | As the library names them: STOPPED, STARTING, RUNNING, STOPPING, ABORTING, FREEZING, FROZEN, THAWED.
type State = String

-- | The container of that name below lxc.lxcpath.
container :: String -> IO Container
container = containerIn Nothing

-- | The container of that name below a folder.
containerIn :: Maybe FilePath -> String -> IO Container
containerIn path name = do
  o <- withCString name $ \n -> withMaybe path $ c_new n
  when (o == nullPtr) $ failed ("no container can be called " ++ show name ++ ", or its config cannot be read")
  adopt name o

adopt :: String -> O -> IO Container
adopt name o = Container name <$> Finalizer.newForeignPtr o (void (c_put o))

-- --- the system ---

version :: IO String
version = c_version >>= peekCString

waitStates :: IO [State]
waitStates = allocaArray 8 $ \room -> do
  n <- c_states room
  peekArray (fromIntegral n) room >>= mapM peekCString

-- | A value of lxc.conf, as "lxc.lxcpath".
globalConfigItem :: String -> IO (Maybe String)
globalConfigItem key = withCString key c_global >>= maybePeek peekCString

configItemIsSupported, hasApiExtension :: String -> IO Bool
configItemIsSupported key = toBool <$> withCString key c_supported
hasApiExtension name = toBool <$> withCString name c_extension

data Which = All | Active | Defined deriving (Show, Eq, Enum, Bounded)

-- | Their names, sorted.
listContainers :: Which -> Maybe FilePath -> IO [String]
listContainers which path = alloca $ \out -> do
  n <- withMaybe path $ \p -> function which p out nullPtr
  when (n < 0) $ failed "the containers cannot be listed"
  peek out >>= owned (Just (fromIntegral n))
  where
    function = \case All -> c_listAll; Active -> c_listActive; Defined -> c_listDefined

-- --- what it is ---

isDefined, isRunning, mayControl :: Container -> IO Bool
isDefined = ask mkBool 80
isRunning = ask mkBool 96
mayControl = ask mkBool 424

state :: Container -> IO State
state c = call mkStr 88 c id >>= peekCString

-- | The host's pid of its init; Nothing where it does not run.
initPid :: Container -> IO (Maybe ProcessID)
initPid c = (\p -> if p > 0 then Just (fromIntegral p) else Nothing) <$> call mkInt 120 c id

configFileName, configPath :: Container -> IO FilePath
configFileName c = call mkStr 176 c id >>= ownedString
configPath c = call mkStr 328 c id >>= peekCString

setConfigPath :: Container -> FilePath -> IO ()
setConfigPath c path = withCString path $ \p -> must c "set_config_path" $ call mkBoolS 336 c ($ p)

-- --- its config ---

loadConfig, saveConfig :: Container -> Maybe FilePath -> IO ()
loadConfig c file = withMaybe file $ \f -> must c "load_config" $ call mkBoolS 128 c ($ f)
saveConfig c file = withMaybe file $ \f -> must c "save_config" $ call mkBoolS 208 c ($ f)

clearConfig :: Container -> IO ()
clearConfig c = call mkVoid 256 c id

-- | The values of a key: several for lists, none where nothing is set. Nothing: no such key, or no config.
configItem :: Container -> String -> IO (Maybe [String])
configItem c key = fmap values <$> withCString key (measured 272 c)
  where
    values "" = []
    values text | "\n" `isSuffixOf` text = lines text
    values text = [text]

-- | A list grows by it.
setConfigItem :: Container -> String -> String -> IO ()
setConfigItem c key value = withCString key $ \k -> withCString value $ \v ->
  must c ("set_config_item " ++ key) $ call mkBoolSS 192 c (\f -> f k v)

clearConfigItem :: Container -> String -> IO ()
clearConfigItem c key = withCString key $ \k -> must c ("clear_config_item " ++ key) $ call mkBoolS 264 c ($ k)

-- | The names of all keys, or of those below one ("lxc.net.0").
keys :: Container -> Maybe String -> IO [String]
keys c below = maybe [] lines <$> withMaybe below (measured 288 c)

-- | What the running container was started with.
runningConfigItem :: Container -> String -> IO (Maybe String)
runningConfigItem c key = withCString key $ \k -> call mkStrS 280 c ($ k) >>= maybePeek ownedString

-- --- its life ---

-- | By a template and its arguments.
create :: Container -> Maybe String -> [String] -> IO ()
create c template args = withMaybe template $ \t -> withArgv args $ \argv ->
  must c "create" $ call mkCreate 216 c (\f -> f t nullPtr nullPtr 0 argv)

start :: Container -> IO ()
start c = startWith c []

-- | With a command instead of its init.
startWith :: Container -> [String] -> IO ()
startWith c command = withArgv command $ \argv ->
  must c "start" $ call mkStart 136 c (\f -> f 0 (if null command then nullPtr else argv))

stop, reboot, freeze, unfreeze, destroy, destroyWithSnapshots, destroySnapshots :: Container -> IO ()
stop c = must c "stop" $ call mkBool 152 c id
reboot c = must c "reboot" $ call mkBool 240 c id
freeze c = must c "freeze" $ call mkBool 104 c id
unfreeze c = must c "unfreeze" $ call mkBool 112 c id
destroy c = must c "destroy" $ call mkBool 200 c id
destroyWithSnapshots c = must c "destroy_with_snapshots" $ call mkBool 480 c id
destroySnapshots c = must c "snapshot_destroy_all" $ call mkBool 488 c id

-- | Asks it to end; True when it has within the seconds (-1: as long as it takes).
shutdown :: Container -> Int -> IO Bool
shutdown c seconds = toBool <$> call mkBoolI 248 c ($ fromIntegral seconds)

-- | Until it is in one of the states, or the seconds are over (-1: for ever).
wait :: Container -> [State] -> Int -> IO Bool
wait c states seconds = withCString (intercalate "|" states) $ \s ->
  toBool <$> call mkWait 184 c (\f -> f s (fromIntegral seconds))

-- | The renamed container; the old object keeps the old name.
rename :: Container -> String -> IO Container
rename c name = do
  withCString name $ \n -> must c "rename" $ call mkBoolS 232 c ($ n)
  path <- configPath c
  containerIn (Just path) name

-- | A copy; True: a snapshot (overlay) of it.
clone :: Container -> String -> Bool -> IO Container
clone c name asSnapshot = do
  o <- withCString name $ \n ->
    call mkClone 344 c (\f -> f n nullPtr (if asSnapshot then 4 else 0) nullPtr nullPtr 0 nullPtr)
  when (o == nullPtr) $ said c "clone"
  adopt name o

-- --- snapshots ---

data Snapshot = Snapshot {snapshotName :: String, commentFile, timestamp :: Maybe String, snapshotPath :: FilePath}
  deriving (Show, Eq)

-- | The name of the new one: "snap0".
snapshot :: Container -> IO String
snapshot c = do
  n <- call mkIntS 392 c ($ nullPtr)
  when (n < 0) $ said c "snapshot"
  pure ("snap" ++ show n)

snapshots :: Container -> IO [Snapshot]
snapshots c = alloca $ \out -> do
  poke out nullPtr
  n <- call mkSnaps 400 c ($ out)
  when (n < 0) $ said c "snapshot_list"
  array <- peek out
  found <- forM [0 .. fromIntegral n - 1] $ \i -> do
    let one = array `plusPtr` (40 * i)
        word place = peekByteOff one place >>= maybePeek peekCString
    s <- Snapshot <$> (maybe "" id <$> word 0) <*> word 8 <*> word 16 <*> (maybe "" id <$> word 24)
    release <- peekByteOff one 32
    mkFree release one
    pure s
  free array
  pure found

-- | In the container's place or, with a name, beside it.
restoreSnapshot :: Container -> String -> Maybe String -> IO ()
restoreSnapshot c snap name = withCString snap $ \s -> withMaybe name $ \n ->
  must c "snapshot_restore" $ call mkBoolSS 408 c (\f -> f s n)

destroySnapshot :: Container -> String -> IO ()
destroySnapshot c snap = withCString snap $ \s -> must c "snapshot_destroy" $ call mkBoolS 416 c ($ s)

-- --- inside ---

-- | What a program has inside; see lxc_attach_options_t.
data AttachOptions = AttachOptions
  { attachNamespaces :: Maybe Int, attachUid, attachGid :: Maybe Int, attachDirectory :: Maybe FilePath
  , attachClearEnv :: Bool, attachEnv, attachKeepEnv :: [String], attachStdin, attachStdout, attachStderr :: Fd }

defaultAttach :: AttachOptions
defaultAttach = AttachOptions Nothing Nothing Nothing Nothing False [] [] 0 1 2

-- | Runs a program inside and waits for its end.
attach :: Container -> AttachOptions -> [String] -> IO ProcessStatus
attach c options command = do
  pid <- attachWithoutWait c options command
  getProcessStatus True False pid >>= maybe (failed "the attached process is gone") pure

-- | The pid, for 'getProcessStatus'.
attachWithoutWait :: Container -> AttachOptions -> [String] -> IO ProcessID
attachWithoutWait c o command =
  withArgv command $ \argv -> withOptions o $ \options -> allocaBytes 16 $ \payload -> alloca $ \pid -> do
    program <- peek argv
    pokeByteOff payload 0 program
    pokeByteOff payload 8 argv
    r <- call mkAttach 368 c (\f -> f c_run_command payload options pid)
    when (r < 0) $ said c "attach"
    fromIntegral <$> peek pid

withOptions :: AttachOptions -> (Ptr () -> IO a) -> IO a
withOptions o use =
  withMaybe (attachDirectory o) $ \cwd -> withArgv (attachEnv o) $ \env -> withArgv (attachKeepEnv o) $ \keep ->
    allocaBytes 96 $ \p -> do
      fillBytes p 0 96
      pokeByteOff p 0 (0xffff :: CInt)
      pokeByteOff p 4 (maybe (-1) fromIntegral (attachNamespaces o) :: CInt)
      pokeByteOff p 8 (-1 :: CLong)
      pokeByteOff p 16 cwd
      pokeByteOff p 24 (maybe (-1) fromIntegral (attachUid o) :: CInt)
      pokeByteOff p 28 (maybe (-1) fromIntegral (attachGid o) :: CInt)
      pokeByteOff p 32 (fromBool (attachClearEnv o) :: CInt)
      unless (null (attachEnv o)) $ pokeByteOff p 40 env
      unless (null (attachKeepEnv o)) $ pokeByteOff p 48 keep
      pokeByteOff p 56 (attachStdin o)
      pokeByteOff p 60 (attachStdout o)
      pokeByteOff p 64 (attachStderr o)
      pokeByteOff p 68 (-9 :: CInt)
      use p

-- | A tty's number (-1: any), its master side, and the fd that keeps it reserved until it is closed.
ttyFd :: Container -> Int -> IO (Int, Fd, Fd)
ttyFd c number = with (fromIntegral number) $ \tty -> alloca $ \master -> do
  hold <- call mkTty 352 c (\f -> f tty master)
  when (hold < 0) $ said c "console_getfd"
  (,,) <$> (fromIntegral <$> peek tty) <*> (Fd <$> peek master) <*> pure (Fd hold)

interfaces :: Container -> IO [String]
interfaces c = call mkStrings 296 c id >>= owned Nothing

-- | Of an interface, or of all; of a family ("inet", "inet6"), or of both.
ips :: Container -> Maybe String -> Maybe String -> IO [String]
ips c interface family = withMaybe interface $ \i -> withMaybe family $ \f ->
  call mkIps 304 c (\get -> get i f 0) >>= owned Nothing

-- | Nothing: it does not run, or has no such file.
cgroupItem :: Container -> String -> IO (Maybe String)
cgroupItem c file = withCString file (measured 312 c)

setCgroupItem :: Container -> String -> String -> IO ()
setCgroupItem c file value = withCString file $ \f -> withCString value $ \v ->
  must c ("set_cgroup_item " ++ file) $ call mkBoolSS 320 c (\set -> set f v)

addDeviceNode, removeDeviceNode, attachInterface, detachInterface :: Container -> String -> Maybe String -> IO ()
addDeviceNode = twoWords "add_device_node" 432
removeDeviceNode = twoWords "remove_device_node" 440
attachInterface = twoWords "attach_interface" 448
detachInterface = twoWords "detach_interface" 456

twoWords :: String -> Int -> Container -> String -> Maybe String -> IO ()
twoWords function place c one two = withCString one $ \a -> withMaybe two $ \b ->
  must c function $ call mkBoolSS place c (\f -> f a b)

-- --- how it is called ---

call :: (FunPtr f -> O -> g) -> Int -> Container -> (g -> IO a) -> IO a
call mk place c use = withForeignPtr (object c) $ \o -> at mk place o >>= use

ask :: (FunPtr FBool -> FBool) -> Int -> Container -> IO Bool
ask mk place c = toBool <$> call mk place c id

must :: Container -> String -> IO CBool -> IO ()
must c function run = do
  resetErrno
  ok <- run
  unless (toBool ok) $ said c function

-- | The library's words, which LXC itself leaves none of.
said :: Container -> String -> IO a
said c function = withForeignPtr (object c) $ \o -> do
  text <- peekByteOff o 56 >>= maybePeek peekCString
  failed (containerName c ++ ": " ++ maybe (function ++ " failed") id text)

failed :: String -> IO a
failed text = do
  Errno n <- getErrno
  throwIO (LXCError text (fromIntegral n))

-- | How long is it, then: give it.
measured :: Int -> Container -> CString -> IO (Maybe String)
measured place c key = do
  n <- call mkGet place c (\f -> f key nullPtr 0)
  if n < 0 then pure Nothing else allocaBytes (fromIntegral n + 1) $ \room -> do
    m <- call mkGet place c (\f -> f key room (n + 1))
    if m < 0 then pure Nothing else Just <$> peekCStringLen (room, fromIntegral (min n m))

withMaybe :: Maybe String -> (CString -> IO a) -> IO a
withMaybe = maybe ($ nullPtr) withCString

withArgv :: [String] -> (Ptr CString -> IO a) -> IO a
withArgv ws use = go ws []
  where
    go [] done = withArray0 nullPtr (reverse done) use
    go (x : xs) done = withCString x $ \p -> go xs (p : done)

ownedString :: CString -> IO String
ownedString p = peekCString p <* free p

-- | The strings of a NULL-ended, or counted, array that is ours to free.
owned :: Maybe Int -> Ptr CString -> IO [String]
owned count array
  | array == nullPtr = pure []
  | otherwise = do
      items <- maybe (peekArray0 nullPtr array) (`peekArray` array) count
      mapM ownedString items <* free array
