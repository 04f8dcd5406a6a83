// Made by `npm run db:types` from supabase/migrations. Do not edit.
export type Json = string | number | boolean | null | { [key: string]: Json | undefined } | Json[];

export type Database = {
  public: {
    Tables: {
      agent_config_servers: {
        Row: {
          agent_config_id: string;
          server_id: string;
          workspace_id: string;
        };
        ComputedFields: never;
        Insert: {
          agent_config_id: string;
          server_id: string;
          workspace_id?: string;
        };
        Update: {
          agent_config_id?: string;
          server_id?: string;
          workspace_id?: string;
        };
        Relationships: [
          {
            foreignKeyName: 'agent_config_servers_config';
            columns: ['agent_config_id', 'workspace_id'];
            isOneToOne: false;
            referencedRelation: 'agent_configs';
            referencedColumns: ['id', 'workspace_id'];
          },
          {
            foreignKeyName: 'agent_config_servers_server';
            columns: ['server_id', 'workspace_id'];
            isOneToOne: false;
            referencedRelation: 'mcp_servers';
            referencedColumns: ['id', 'workspace_id'];
          },
        ];
      };
      agent_configs: {
        Row: {
          all_servers: boolean;
          created_at: string;
          greeting: string;
          id: string;
          is_default: boolean;
          name: string;
          system_prompt: string;
          temperature: number;
          updated_at: string;
          user_id: string | null;
          voice_model: string;
          workspace_id: string;
        };
        ComputedFields: never;
        Insert: {
          all_servers?: boolean;
          created_at?: string;
          greeting?: string;
          id?: string;
          is_default?: boolean;
          name: string;
          system_prompt?: string;
          temperature?: number;
          updated_at?: string;
          user_id?: string | null;
          voice_model?: string;
          workspace_id?: string;
        };
        Update: {
          all_servers?: boolean;
          created_at?: string;
          greeting?: string;
          id?: string;
          is_default?: boolean;
          name?: string;
          system_prompt?: string;
          temperature?: number;
          updated_at?: string;
          user_id?: string | null;
          voice_model?: string;
          workspace_id?: string;
        };
        Relationships: [
          {
            foreignKeyName: 'agent_configs_workspace_id_fkey';
            columns: ['workspace_id'];
            isOneToOne: false;
            referencedRelation: 'workspaces';
            referencedColumns: ['id'];
          },
        ];
      };
      mcp_server_checks: {
        Row: {
          address_ms: number | null;
          authenticate_ms: number | null;
          checked_at: string;
          connect_ms: number | null;
          error_code: string | null;
          id: string;
          initialize_ms: number | null;
          list_tools_ms: number | null;
          ok: boolean;
          server_id: string;
          source: string;
          workspace_id: string;
        };
        ComputedFields: never;
        Insert: {
          address_ms?: number | null;
          authenticate_ms?: number | null;
          checked_at: string;
          connect_ms?: number | null;
          error_code?: string | null;
          id?: string;
          initialize_ms?: number | null;
          list_tools_ms?: number | null;
          ok: boolean;
          server_id: string;
          source: string;
          workspace_id: string;
        };
        Update: {
          address_ms?: number | null;
          authenticate_ms?: number | null;
          checked_at?: string;
          connect_ms?: number | null;
          error_code?: string | null;
          id?: string;
          initialize_ms?: number | null;
          list_tools_ms?: number | null;
          ok?: boolean;
          server_id?: string;
          source?: string;
          workspace_id?: string;
        };
        Relationships: [
          {
            foreignKeyName: 'mcp_server_checks_server';
            columns: ['server_id', 'workspace_id'];
            isOneToOne: false;
            referencedRelation: 'mcp_servers';
            referencedColumns: ['id', 'workspace_id'];
          },
        ];
      };
      mcp_server_secrets: {
        Row: {
          ciphertext: string;
          key_id: string;
          nonce: string;
          server_id: string;
          updated_at: string;
        };
        ComputedFields: never;
        Insert: {
          ciphertext: string;
          key_id: string;
          nonce: string;
          server_id: string;
          updated_at?: string;
        };
        Update: {
          ciphertext?: string;
          key_id?: string;
          nonce?: string;
          server_id?: string;
          updated_at?: string;
        };
        Relationships: [
          {
            foreignKeyName: 'mcp_server_secrets_server_id_fkey';
            columns: ['server_id'];
            isOneToOne: true;
            referencedRelation: 'mcp_servers';
            referencedColumns: ['id'];
          },
        ];
      };
      mcp_servers: {
        Row: {
          auth_header: string;
          auth_method: string;
          call_timeout_ms: number;
          capabilities: Json | null;
          catalogue_observed_at: string | null;
          config_version: number;
          connection_status: string;
          consecutive_failures: number;
          created_at: string;
          description: string;
          error_code: string | null;
          error_message: string | null;
          has_credential: boolean;
          id: string;
          instructions: string | null;
          is_active: boolean;
          last_connected: string | null;
          latency_ms: number | null;
          max_concurrency: number;
          metadata: NonNullable<Json>;
          name: string;
          protocol_version: string | null;
          server_info: Json | null;
          slug: string;
          status_config_version: number | null;
          status_observed_at: string | null;
          tags: string[];
          tool_count: number | null;
          transport: string;
          updated_at: string;
          url: string;
          user_id: string | null;
          workspace_id: string;
        };
        ComputedFields: never;
        Insert: {
          auth_header?: string;
          auth_method?: string;
          call_timeout_ms?: number;
          capabilities?: Json | null;
          catalogue_observed_at?: string | null;
          config_version?: number;
          connection_status?: string;
          consecutive_failures?: number;
          created_at?: string;
          description?: string;
          error_code?: string | null;
          error_message?: string | null;
          has_credential?: boolean;
          id?: string;
          instructions?: string | null;
          is_active?: boolean;
          last_connected?: string | null;
          latency_ms?: number | null;
          max_concurrency?: number;
          metadata?: NonNullable<Json>;
          name: string;
          protocol_version?: string | null;
          server_info?: Json | null;
          slug?: string;
          status_config_version?: number | null;
          status_observed_at?: string | null;
          tags?: string[];
          tool_count?: number | null;
          transport?: string;
          updated_at?: string;
          url: string;
          user_id?: string | null;
          workspace_id?: string;
        };
        Update: {
          auth_header?: string;
          auth_method?: string;
          call_timeout_ms?: number;
          capabilities?: Json | null;
          catalogue_observed_at?: string | null;
          config_version?: number;
          connection_status?: string;
          consecutive_failures?: number;
          created_at?: string;
          description?: string;
          error_code?: string | null;
          error_message?: string | null;
          has_credential?: boolean;
          id?: string;
          instructions?: string | null;
          is_active?: boolean;
          last_connected?: string | null;
          latency_ms?: number | null;
          max_concurrency?: number;
          metadata?: NonNullable<Json>;
          name?: string;
          protocol_version?: string | null;
          server_info?: Json | null;
          slug?: string;
          status_config_version?: number | null;
          status_observed_at?: string | null;
          tags?: string[];
          tool_count?: number | null;
          transport?: string;
          updated_at?: string;
          url?: string;
          user_id?: string | null;
          workspace_id?: string;
        };
        Relationships: [
          {
            foreignKeyName: 'mcp_servers_workspace_id_fkey';
            columns: ['workspace_id'];
            isOneToOne: false;
            referencedRelation: 'workspaces';
            referencedColumns: ['id'];
          },
        ];
      };
      mcp_tools: {
        Row: {
          annotations: Json | null;
          cache_ttl_seconds: number | null;
          description: string | null;
          fingerprint: string;
          first_seen_at: string;
          id: string;
          input_schema: NonNullable<Json>;
          is_enabled: boolean;
          last_seen_at: string;
          name: string;
          output_schema: Json | null;
          server_id: string;
          title: string | null;
          workspace_id: string;
        };
        ComputedFields: never;
        Insert: {
          annotations?: Json | null;
          cache_ttl_seconds?: number | null;
          description?: string | null;
          fingerprint: string;
          first_seen_at?: string;
          id?: string;
          input_schema: NonNullable<Json>;
          is_enabled?: boolean;
          last_seen_at?: string;
          name: string;
          output_schema?: Json | null;
          server_id: string;
          title?: string | null;
          workspace_id: string;
        };
        Update: {
          annotations?: Json | null;
          cache_ttl_seconds?: number | null;
          description?: string | null;
          fingerprint?: string;
          first_seen_at?: string;
          id?: string;
          input_schema?: NonNullable<Json>;
          is_enabled?: boolean;
          last_seen_at?: string;
          name?: string;
          output_schema?: Json | null;
          server_id?: string;
          title?: string | null;
          workspace_id?: string;
        };
        Relationships: [
          {
            foreignKeyName: 'mcp_tools_server';
            columns: ['server_id', 'workspace_id'];
            isOneToOne: false;
            referencedRelation: 'mcp_servers';
            referencedColumns: ['id', 'workspace_id'];
          },
        ];
      };
      tool_calls: {
        Row: {
          arguments: Json | null;
          duration_ms: number | null;
          error_code: string | null;
          id: string;
          outcome: string;
          queue_ms: number | null;
          result_bytes: number | null;
          server_id: string | null;
          session_id: string;
          started_at: string;
          tool_name: string;
          user_id: string;
          workspace_id: string;
        };
        ComputedFields: never;
        Insert: {
          arguments?: Json | null;
          duration_ms?: number | null;
          error_code?: string | null;
          id: string;
          outcome: string;
          queue_ms?: number | null;
          result_bytes?: number | null;
          server_id?: string | null;
          session_id: string;
          started_at: string;
          tool_name: string;
          user_id: string;
          workspace_id: string;
        };
        Update: {
          arguments?: Json | null;
          duration_ms?: number | null;
          error_code?: string | null;
          id?: string;
          outcome?: string;
          queue_ms?: number | null;
          result_bytes?: number | null;
          server_id?: string | null;
          session_id?: string;
          started_at?: string;
          tool_name?: string;
          user_id?: string;
          workspace_id?: string;
        };
        Relationships: [
          {
            foreignKeyName: 'tool_calls_server_id_fkey';
            columns: ['server_id'];
            isOneToOne: false;
            referencedRelation: 'mcp_servers';
            referencedColumns: ['id'];
          },
          {
            foreignKeyName: 'tool_calls_session_id_fkey';
            columns: ['session_id'];
            isOneToOne: false;
            referencedRelation: 'voice_sessions';
            referencedColumns: ['id'];
          },
          {
            foreignKeyName: 'tool_calls_workspace_id_fkey';
            columns: ['workspace_id'];
            isOneToOne: false;
            referencedRelation: 'workspaces';
            referencedColumns: ['id'];
          },
        ];
      };
      voice_sessions: {
        Row: {
          agent_config_id: string | null;
          end_reason: string | null;
          ended_at: string | null;
          id: string;
          room_name: string;
          started_at: string;
          state: string;
          user_id: string;
          workspace_id: string;
        };
        ComputedFields: never;
        Insert: {
          agent_config_id?: string | null;
          end_reason?: string | null;
          ended_at?: string | null;
          id?: string;
          room_name: string;
          started_at?: string;
          state?: string;
          user_id: string;
          workspace_id: string;
        };
        Update: {
          agent_config_id?: string | null;
          end_reason?: string | null;
          ended_at?: string | null;
          id?: string;
          room_name?: string;
          started_at?: string;
          state?: string;
          user_id?: string;
          workspace_id?: string;
        };
        Relationships: [
          {
            foreignKeyName: 'voice_sessions_agent_config_id_fkey';
            columns: ['agent_config_id'];
            isOneToOne: false;
            referencedRelation: 'agent_configs';
            referencedColumns: ['id'];
          },
          {
            foreignKeyName: 'voice_sessions_workspace_id_fkey';
            columns: ['workspace_id'];
            isOneToOne: false;
            referencedRelation: 'workspaces';
            referencedColumns: ['id'];
          },
        ];
      };
      workspace_invitations: {
        Row: {
          accepted_at: string | null;
          created_at: string;
          email: string;
          expires_at: string;
          id: string;
          invited_by: string | null;
          role: string;
          token_hash: string;
          workspace_id: string;
        };
        ComputedFields: never;
        Insert: {
          accepted_at?: string | null;
          created_at?: string;
          email: string;
          expires_at?: string;
          id?: string;
          invited_by?: string | null;
          role: string;
          token_hash: string;
          workspace_id: string;
        };
        Update: {
          accepted_at?: string | null;
          created_at?: string;
          email?: string;
          expires_at?: string;
          id?: string;
          invited_by?: string | null;
          role?: string;
          token_hash?: string;
          workspace_id?: string;
        };
        Relationships: [
          {
            foreignKeyName: 'workspace_invitations_workspace_id_fkey';
            columns: ['workspace_id'];
            isOneToOne: false;
            referencedRelation: 'workspaces';
            referencedColumns: ['id'];
          },
        ];
      };
      workspace_members: {
        Row: {
          created_at: string;
          role: string;
          user_id: string;
          workspace_id: string;
        };
        ComputedFields: never;
        Insert: {
          created_at?: string;
          role: string;
          user_id: string;
          workspace_id: string;
        };
        Update: {
          created_at?: string;
          role?: string;
          user_id?: string;
          workspace_id?: string;
        };
        Relationships: [
          {
            foreignKeyName: 'workspace_members_workspace_id_fkey';
            columns: ['workspace_id'];
            isOneToOne: false;
            referencedRelation: 'workspaces';
            referencedColumns: ['id'];
          },
        ];
      };
      workspaces: {
        Row: {
          created_at: string;
          created_by: string | null;
          id: string;
          is_personal: boolean;
          name: string;
          updated_at: string;
        };
        ComputedFields: never;
        Insert: {
          created_at?: string;
          created_by?: string | null;
          id?: string;
          is_personal?: boolean;
          name: string;
          updated_at?: string;
        };
        Update: {
          created_at?: string;
          created_by?: string | null;
          id?: string;
          is_personal?: boolean;
          name?: string;
          updated_at?: string;
        };
        Relationships: [];
      };
    };
    Views: {
      [_ in never]: never;
    };
    Functions: {
      claim_dispatch: { Args: { p_lease_ms: number; p_session_id: string }; Returns: boolean };
      drop_server_secret: { Args: { p_server_id: string }; Returns: undefined };
      put_server_secret: {
        Args: { p_ciphertext: string; p_key_id: string; p_nonce: string; p_server_id: string };
        Returns: undefined;
      };
      record_tool_calls: { Args: { p_calls: Json }; Returns: number };
      report_server_status: { Args: { p_observations: Json }; Returns: number };
      server_for_probe: { Args: { p_server_id: string }; Returns: Json };
      set_session_state: {
        Args: { p_end_reason?: string; p_session_id: string; p_state: string };
        Returns: boolean;
      };
      store_catalogue: {
        Args: { p_config_version: number; p_observed_at: string; p_server_id: string; p_tools: Json };
        Returns: Json;
      };
      voice_session_snapshot: { Args: { p_session_id: string }; Returns: Json };
    };
    Enums: {
      [_ in never]: never;
    };
    CompositeTypes: {
      [_ in never]: never;
    };
  };
};
