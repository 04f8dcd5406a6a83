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
          language: string | null;
          model: string | null;
          name: string;
          provider: string;
          reasoning_effort: string | null;
          system_prompt: string;
          temperature: number;
          turn_detection: string;
          turn_eagerness: string;
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
          language?: string | null;
          model?: string | null;
          name: string;
          provider?: string;
          reasoning_effort?: string | null;
          system_prompt?: string;
          temperature?: number;
          turn_detection?: string;
          turn_eagerness?: string;
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
          language?: string | null;
          model?: string | null;
          name?: string;
          provider?: string;
          reasoning_effort?: string | null;
          system_prompt?: string;
          temperature?: number;
          turn_detection?: string;
          turn_eagerness?: string;
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
      api_tokens: {
        Row: {
          created_at: string;
          created_by: string;
          expires_at: string | null;
          id: string;
          last_used_at: string | null;
          name: string;
          revoked_at: string | null;
          scopes: string[];
          token_hash: string;
          workspace_id: string;
        };
        ComputedFields: never;
        Insert: {
          created_at?: string;
          created_by: string;
          expires_at?: string | null;
          id?: string;
          last_used_at?: string | null;
          name: string;
          revoked_at?: string | null;
          scopes: string[];
          token_hash: string;
          workspace_id: string;
        };
        Update: {
          created_at?: string;
          created_by?: string;
          expires_at?: string | null;
          id?: string;
          last_used_at?: string | null;
          name?: string;
          revoked_at?: string | null;
          scopes?: string[];
          token_hash?: string;
          workspace_id?: string;
        };
        Relationships: [
          {
            foreignKeyName: 'api_tokens_workspace_id_fkey';
            columns: ['workspace_id'];
            isOneToOne: false;
            referencedRelation: 'workspaces';
            referencedColumns: ['id'];
          },
        ];
      };
      audit_events: {
        Row: {
          action: string;
          actor_id: string | null;
          changes: NonNullable<Json>;
          created_at: string;
          id: string;
          row_id: string | null;
          row_name: string | null;
          table_name: string;
          token_id: string | null;
          token_name: string | null;
          workspace_id: string;
        };
        ComputedFields: never;
        Insert: {
          action: string;
          actor_id?: string | null;
          changes: NonNullable<Json>;
          created_at?: string;
          id?: string;
          row_id?: string | null;
          row_name?: string | null;
          table_name: string;
          token_id?: string | null;
          token_name?: string | null;
          workspace_id: string;
        };
        Update: {
          action?: string;
          actor_id?: string | null;
          changes?: NonNullable<Json>;
          created_at?: string;
          id?: string;
          row_id?: string | null;
          row_name?: string | null;
          table_name?: string;
          token_id?: string | null;
          token_name?: string | null;
          workspace_id?: string;
        };
        Relationships: [
          {
            foreignKeyName: 'audit_events_workspace_id_fkey';
            columns: ['workspace_id'];
            isOneToOne: false;
            referencedRelation: 'workspaces';
            referencedColumns: ['id'];
          },
        ];
      };
      limits: {
        Row: {
          allowed: number;
          id: string;
          name: string;
          user_id: string | null;
          workspace_id: string | null;
        };
        ComputedFields: never;
        Insert: {
          allowed: number;
          id?: string;
          name: string;
          user_id?: string | null;
          workspace_id?: string | null;
        };
        Update: {
          allowed?: number;
          id?: string;
          name?: string;
          user_id?: string | null;
          workspace_id?: string | null;
        };
        Relationships: [
          {
            foreignKeyName: 'limits_workspace_id_fkey';
            columns: ['workspace_id'];
            isOneToOne: false;
            referencedRelation: 'workspaces';
            referencedColumns: ['id'];
          },
        ];
      };
      mcp_server_accepted_issuers: {
        Row: {
          accepted_at: string;
          accepted_by: string | null;
          accepted_issuer: string;
          expected_issuer: string;
          server_id: string;
          workspace_id: string;
        };
        ComputedFields: never;
        Insert: {
          accepted_at?: string;
          accepted_by?: string | null;
          accepted_issuer: string;
          expected_issuer: string;
          server_id: string;
          workspace_id: string;
        };
        Update: {
          accepted_at?: string;
          accepted_by?: string | null;
          accepted_issuer?: string;
          expected_issuer?: string;
          server_id?: string;
          workspace_id?: string;
        };
        Relationships: [
          {
            foreignKeyName: 'mcp_server_accepted_issuers_server_id_workspace_id_fkey';
            columns: ['server_id', 'workspace_id'];
            isOneToOne: false;
            referencedRelation: 'mcp_servers';
            referencedColumns: ['id', 'workspace_id'];
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
      mcp_server_clients: {
        Row: {
          ciphertext: string;
          created_at: string;
          id: string;
          issuer: string;
          key_id: string;
          nonce: string;
          server_id: string;
          unfinished_since: string | null;
        };
        ComputedFields: never;
        Insert: {
          ciphertext: string;
          created_at?: string;
          id: string;
          issuer: string;
          key_id: string;
          nonce: string;
          server_id: string;
          unfinished_since?: string | null;
        };
        Update: {
          ciphertext?: string;
          created_at?: string;
          id?: string;
          issuer?: string;
          key_id?: string;
          nonce?: string;
          server_id?: string;
          unfinished_since?: string | null;
        };
        Relationships: [
          {
            foreignKeyName: 'mcp_server_clients_server_id_fkey';
            columns: ['server_id'];
            isOneToOne: false;
            referencedRelation: 'mcp_servers';
            referencedColumns: ['id'];
          },
        ];
      };
      mcp_server_grants: {
        Row: {
          ciphertext: string;
          created_at: string;
          entered_by: string | null;
          expires_at: string | null;
          failures: number;
          id: string;
          issuer: string;
          key_id: string;
          lease_id: string | null;
          leased_until: string | null;
          nonce: string;
          refused_at: string | null;
          renewed_at: string | null;
          retry_at: string | null;
          revision: number;
          server_id: string;
          user_id: string | null;
          vain_renewals: number;
          wanted_scope: string | null;
          workspace_id: string;
        };
        ComputedFields: never;
        Insert: {
          ciphertext: string;
          created_at?: string;
          entered_by?: string | null;
          expires_at?: string | null;
          failures?: number;
          id: string;
          issuer: string;
          key_id: string;
          lease_id?: string | null;
          leased_until?: string | null;
          nonce: string;
          refused_at?: string | null;
          renewed_at?: string | null;
          retry_at?: string | null;
          revision?: number;
          server_id: string;
          user_id?: string | null;
          vain_renewals?: number;
          wanted_scope?: string | null;
          workspace_id: string;
        };
        Update: {
          ciphertext?: string;
          created_at?: string;
          entered_by?: string | null;
          expires_at?: string | null;
          failures?: number;
          id?: string;
          issuer?: string;
          key_id?: string;
          lease_id?: string | null;
          leased_until?: string | null;
          nonce?: string;
          refused_at?: string | null;
          renewed_at?: string | null;
          retry_at?: string | null;
          revision?: number;
          server_id?: string;
          user_id?: string | null;
          vain_renewals?: number;
          wanted_scope?: string | null;
          workspace_id?: string;
        };
        Relationships: [
          {
            foreignKeyName: 'mcp_server_grants_server_id_workspace_id_fkey';
            columns: ['server_id', 'workspace_id'];
            isOneToOne: false;
            referencedRelation: 'mcp_servers';
            referencedColumns: ['id', 'workspace_id'];
          },
        ];
      };
      mcp_server_health: {
        Row: {
          abandoned: number;
          catalog_digest: string | null;
          certificate_expires_at: string | null;
          confirmed_until: string | null;
          due_at: string | null;
          hurried_at: string | null;
          lease_id: string | null;
          leased_until: string | null;
          memory: NonNullable<Json>;
          server_id: string;
          workspace_id: string;
        };
        ComputedFields: never;
        Insert: {
          abandoned?: number;
          catalog_digest?: string | null;
          certificate_expires_at?: string | null;
          confirmed_until?: string | null;
          due_at?: string | null;
          hurried_at?: string | null;
          lease_id?: string | null;
          leased_until?: string | null;
          memory?: NonNullable<Json>;
          server_id: string;
          workspace_id: string;
        };
        Update: {
          abandoned?: number;
          catalog_digest?: string | null;
          certificate_expires_at?: string | null;
          confirmed_until?: string | null;
          due_at?: string | null;
          hurried_at?: string | null;
          lease_id?: string | null;
          leased_until?: string | null;
          memory?: NonNullable<Json>;
          server_id?: string;
          workspace_id?: string;
        };
        Relationships: [
          {
            foreignKeyName: 'mcp_server_health_server';
            columns: ['server_id', 'workspace_id'];
            isOneToOne: false;
            referencedRelation: 'mcp_servers';
            referencedColumns: ['id', 'workspace_id'];
          },
        ];
      };
      mcp_server_hours: {
        Row: {
          checks: number;
          failures: number;
          hour: string;
          latencies: number[];
          server_id: string;
          workspace_id: string;
        };
        ComputedFields: never;
        Insert: {
          checks: number;
          failures: number;
          hour: string;
          latencies: number[];
          server_id: string;
          workspace_id: string;
        };
        Update: {
          checks?: number;
          failures?: number;
          hour?: string;
          latencies?: number[];
          server_id?: string;
          workspace_id?: string;
        };
        Relationships: [
          {
            foreignKeyName: 'mcp_server_hours_server';
            columns: ['server_id', 'workspace_id'];
            isOneToOne: false;
            referencedRelation: 'mcp_servers';
            referencedColumns: ['id', 'workspace_id'];
          },
        ];
      };
      mcp_server_incidents: {
        Row: {
          ended_at: string | null;
          error_code: string | null;
          error_message: string | null;
          id: string;
          series_id: string;
          server_id: string;
          started_at: string;
          workspace_id: string;
        };
        ComputedFields: never;
        Insert: {
          ended_at?: string | null;
          error_code?: string | null;
          error_message?: string | null;
          id?: string;
          series_id: string;
          server_id: string;
          started_at: string;
          workspace_id: string;
        };
        Update: {
          ended_at?: string | null;
          error_code?: string | null;
          error_message?: string | null;
          id?: string;
          series_id?: string;
          server_id?: string;
          started_at?: string;
          workspace_id?: string;
        };
        Relationships: [
          {
            foreignKeyName: 'mcp_server_incidents_server';
            columns: ['server_id', 'workspace_id'];
            isOneToOne: false;
            referencedRelation: 'mcp_servers';
            referencedColumns: ['id', 'workspace_id'];
          },
        ];
      };
      mcp_server_secrets: {
        Row: {
          address: string;
          ciphertext: string;
          entered_by: string | null;
          id: string;
          issuer: string | null;
          key_id: string;
          nonce: string;
          server_id: string;
          updated_at: string;
          user_id: string | null;
        };
        ComputedFields: never;
        Insert: {
          address: string;
          ciphertext: string;
          entered_by?: string | null;
          id?: string;
          issuer?: string | null;
          key_id: string;
          nonce: string;
          server_id: string;
          updated_at?: string;
          user_id?: string | null;
        };
        Update: {
          address?: string;
          ciphertext?: string;
          entered_by?: string | null;
          id?: string;
          issuer?: string | null;
          key_id?: string;
          nonce?: string;
          server_id?: string;
          updated_at?: string;
          user_id?: string | null;
        };
        Relationships: [
          {
            foreignKeyName: 'mcp_server_secrets_server_id_fkey';
            columns: ['server_id'];
            isOneToOne: false;
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
          catalog_note: string | null;
          catalog_observed_at: string | null;
          config_version: number;
          connection_status: string;
          consecutive_failures: number;
          created_at: string;
          credential_held_since: string | null;
          credential_holder_id: string | null;
          credential_scope: string;
          description: string;
          detected_transport: string | null;
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
          oauth_client_id: string | null;
          position: number;
          protocol_era: string;
          protocol_version: string | null;
          server_info: Json | null;
          skipped_tools: NonNullable<Json>;
          slug: string;
          status_config_version: number | null;
          status_observed_at: string | null;
          tags: string[];
          tool_count: number | null;
          tools_over_limit: number;
          transport: string;
          trusts_hints: boolean;
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
          catalog_note?: string | null;
          catalog_observed_at?: string | null;
          config_version?: number;
          connection_status?: string;
          consecutive_failures?: number;
          created_at?: string;
          credential_held_since?: string | null;
          credential_holder_id?: string | null;
          credential_scope?: string;
          description?: string;
          detected_transport?: string | null;
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
          oauth_client_id?: string | null;
          position: number;
          protocol_era?: string;
          protocol_version?: string | null;
          server_info?: Json | null;
          skipped_tools?: NonNullable<Json>;
          slug?: string;
          status_config_version?: number | null;
          status_observed_at?: string | null;
          tags?: string[];
          tool_count?: number | null;
          tools_over_limit?: number;
          transport?: string;
          trusts_hints?: boolean;
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
          catalog_note?: string | null;
          catalog_observed_at?: string | null;
          config_version?: number;
          connection_status?: string;
          consecutive_failures?: number;
          created_at?: string;
          credential_held_since?: string | null;
          credential_holder_id?: string | null;
          credential_scope?: string;
          description?: string;
          detected_transport?: string | null;
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
          oauth_client_id?: string | null;
          position?: number;
          protocol_era?: string;
          protocol_version?: string | null;
          server_info?: Json | null;
          skipped_tools?: NonNullable<Json>;
          slug?: string;
          status_config_version?: number | null;
          status_observed_at?: string | null;
          tags?: string[];
          tool_count?: number | null;
          tools_over_limit?: number;
          transport?: string;
          trusts_hints?: boolean;
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
          access: string | null;
          annotations: Json | null;
          cache_ttl_seconds: number | null;
          description: string | null;
          fingerprint: string;
          first_seen_at: string;
          id: string;
          input_schema: NonNullable<Json>;
          is_enabled: boolean;
          is_pinned: boolean;
          last_seen_at: string;
          name: string;
          output_schema: Json | null;
          position: number;
          server_id: string;
          title: string | null;
          workspace_id: string;
        };
        ComputedFields: never;
        Insert: {
          access?: string | null;
          annotations?: Json | null;
          cache_ttl_seconds?: number | null;
          description?: string | null;
          fingerprint: string;
          first_seen_at?: string;
          id?: string;
          input_schema: NonNullable<Json>;
          is_enabled?: boolean;
          is_pinned?: boolean;
          last_seen_at?: string;
          name: string;
          output_schema?: Json | null;
          position?: number;
          server_id: string;
          title?: string | null;
          workspace_id: string;
        };
        Update: {
          access?: string | null;
          annotations?: Json | null;
          cache_ttl_seconds?: number | null;
          description?: string | null;
          fingerprint?: string;
          first_seen_at?: string;
          id?: string;
          input_schema?: NonNullable<Json>;
          is_enabled?: boolean;
          is_pinned?: boolean;
          last_seen_at?: string;
          name?: string;
          output_schema?: Json | null;
          position?: number;
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
      notice_reads: {
        Row: {
          notice_id: string;
          read_at: string;
          user_id: string;
        };
        ComputedFields: never;
        Insert: {
          notice_id: string;
          read_at?: string;
          user_id?: string;
        };
        Update: {
          notice_id?: string;
          read_at?: string;
          user_id?: string;
        };
        Relationships: [
          {
            foreignKeyName: 'notice_reads_notice_id_fkey';
            columns: ['notice_id'];
            isOneToOne: false;
            referencedRelation: 'notices';
            referencedColumns: ['id'];
          },
        ];
      };
      notice_webhook_secrets: {
        Row: {
          ciphertext: string;
          key_id: string;
          nonce: string;
          webhook_id: string;
        };
        ComputedFields: never;
        Insert: {
          ciphertext: string;
          key_id: string;
          nonce: string;
          webhook_id: string;
        };
        Update: {
          ciphertext?: string;
          key_id?: string;
          nonce?: string;
          webhook_id?: string;
        };
        Relationships: [
          {
            foreignKeyName: 'notice_webhook_secrets_webhook_id_fkey';
            columns: ['webhook_id'];
            isOneToOne: true;
            referencedRelation: 'notice_webhooks';
            referencedColumns: ['id'];
          },
        ];
      };
      notice_webhooks: {
        Row: {
          created_at: string;
          entered_by: string | null;
          failing_since: string | null;
          failures: number;
          id: string;
          is_active: boolean;
          paused_at: string | null;
          updated_at: string;
          url: string;
          workspace_id: string;
        };
        ComputedFields: never;
        Insert: {
          created_at?: string;
          entered_by?: string | null;
          failing_since?: string | null;
          failures?: number;
          id?: string;
          is_active?: boolean;
          paused_at?: string | null;
          updated_at?: string;
          url: string;
          workspace_id: string;
        };
        Update: {
          created_at?: string;
          entered_by?: string | null;
          failing_since?: string | null;
          failures?: number;
          id?: string;
          is_active?: boolean;
          paused_at?: string | null;
          updated_at?: string;
          url?: string;
          workspace_id?: string;
        };
        Relationships: [
          {
            foreignKeyName: 'notice_webhooks_workspace_id_fkey';
            columns: ['workspace_id'];
            isOneToOne: true;
            referencedRelation: 'workspaces';
            referencedColumns: ['id'];
          },
        ];
      };
      notices: {
        Row: {
          created_at: string;
          details: NonNullable<Json>;
          id: string;
          key: string;
          kind: string;
          recipient_id: string | null;
          server_id: string | null;
          workspace_id: string;
        };
        ComputedFields: never;
        Insert: {
          created_at?: string;
          details?: NonNullable<Json>;
          id?: string;
          key: string;
          kind: string;
          recipient_id?: string | null;
          server_id?: string | null;
          workspace_id: string;
        };
        Update: {
          created_at?: string;
          details?: NonNullable<Json>;
          id?: string;
          key?: string;
          kind?: string;
          recipient_id?: string | null;
          server_id?: string | null;
          workspace_id?: string;
        };
        Relationships: [
          {
            foreignKeyName: 'notices_server';
            columns: ['server_id', 'workspace_id'];
            isOneToOne: false;
            referencedRelation: 'mcp_servers';
            referencedColumns: ['id', 'workspace_id'];
          },
          {
            foreignKeyName: 'notices_workspace';
            columns: ['workspace_id'];
            isOneToOne: false;
            referencedRelation: 'workspaces';
            referencedColumns: ['id'];
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
          session_id: string | null;
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
          session_id?: string | null;
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
          session_id?: string | null;
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
      voice_transcripts: {
        Row: {
          id: string;
          role: string;
          said_at: string;
          session_id: string;
          text: string;
          user_id: string;
          workspace_id: string;
        };
        ComputedFields: never;
        Insert: {
          id: string;
          role: string;
          said_at: string;
          session_id: string;
          text: string;
          user_id: string;
          workspace_id: string;
        };
        Update: {
          id?: string;
          role?: string;
          said_at?: string;
          session_id?: string;
          text?: string;
          user_id?: string;
          workspace_id?: string;
        };
        Relationships: [
          {
            foreignKeyName: 'voice_transcripts_session_id_fkey';
            columns: ['session_id'];
            isOneToOne: false;
            referencedRelation: 'voice_sessions';
            referencedColumns: ['id'];
          },
          {
            foreignKeyName: 'voice_transcripts_workspace_id_fkey';
            columns: ['workspace_id'];
            isOneToOne: false;
            referencedRelation: 'workspaces';
            referencedColumns: ['id'];
          },
        ];
      };
      webhook_deliveries: {
        Row: {
          attempts: number;
          body: NonNullable<Json>;
          created_at: string;
          due_at: string | null;
          error_code: string | null;
          http_status: number | null;
          id: string;
          lease_id: string | null;
          leased_until: string | null;
          settled_at: string | null;
          state: string;
          webhook_id: string;
          workspace_id: string;
        };
        ComputedFields: never;
        Insert: {
          attempts?: number;
          body: NonNullable<Json>;
          created_at?: string;
          due_at?: string | null;
          error_code?: string | null;
          http_status?: number | null;
          id?: string;
          lease_id?: string | null;
          leased_until?: string | null;
          settled_at?: string | null;
          state?: string;
          webhook_id: string;
          workspace_id: string;
        };
        Update: {
          attempts?: number;
          body?: NonNullable<Json>;
          created_at?: string;
          due_at?: string | null;
          error_code?: string | null;
          http_status?: number | null;
          id?: string;
          lease_id?: string | null;
          leased_until?: string | null;
          settled_at?: string | null;
          state?: string;
          webhook_id?: string;
          workspace_id?: string;
        };
        Relationships: [
          {
            foreignKeyName: 'webhook_deliveries_webhook_id_fkey';
            columns: ['webhook_id'];
            isOneToOne: false;
            referencedRelation: 'notice_webhooks';
            referencedColumns: ['id'];
          },
          {
            foreignKeyName: 'webhook_deliveries_workspace_id_fkey';
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
          accepted_by: string | null;
          created_at: string;
          email: string | null;
          expires_at: string;
          id: string;
          invited_by: string;
          role: string;
          token_hash: string;
          workspace_id: string;
        };
        ComputedFields: never;
        Insert: {
          accepted_at?: string | null;
          accepted_by?: string | null;
          created_at?: string;
          email?: string | null;
          expires_at: string;
          id?: string;
          invited_by: string;
          role: string;
          token_hash: string;
          workspace_id: string;
        };
        Update: {
          accepted_at?: string | null;
          accepted_by?: string | null;
          created_at?: string;
          email?: string | null;
          expires_at?: string;
          id?: string;
          invited_by?: string;
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
          keep_transcripts: boolean;
          name: string;
          updated_at: string;
        };
        ComputedFields: never;
        Insert: {
          created_at?: string;
          created_by?: string | null;
          id?: string;
          is_personal?: boolean;
          keep_transcripts?: boolean;
          name: string;
          updated_at?: string;
        };
        Update: {
          created_at?: string;
          created_by?: string | null;
          id?: string;
          is_personal?: boolean;
          keep_transcripts?: boolean;
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
      accept_invitation: { Args: { p_token: string }; Returns: Json };
      begin_sign_in: {
        Args: {
          p_expires_in_s: number;
          p_id: string;
          p_return_to: string;
          p_secret: Json;
          p_server_id: string;
          p_state_hash: string;
          p_url: string;
          p_user_id: string;
        };
        Returns: undefined;
      };
      bind_client_secret: { Args: { p_id: string; p_issuer: string; p_secret: Json }; Returns: boolean };
      claim_deliveries: { Args: { p_lease_ms: number; p_limit: number }; Returns: Json };
      claim_dispatch: { Args: { p_lease_ms: number; p_session_id: string }; Returns: boolean };
      claim_due_servers: {
        Args: {
          p_fresh_ms: number;
          p_held?: Json;
          p_lease_ms: number;
          p_limit: number;
          p_monitor_id: string;
          p_network_away_since?: string;
        };
        Returns: Json;
      };
      claim_revocations: { Args: { p_limit: number }; Returns: Json };
      confirm_secret: {
        Args: { p_actor: string; p_id: string; p_secret: Json; p_server_id: string; p_url: string };
        Returns: undefined;
      };
      count_call: {
        Args: { p_action: string; p_user_id: string; p_workspace_id?: string };
        Returns: undefined;
      };
      count_host_requests: {
        Args: { p_hosts: string[]; p_requests: number; p_user_id?: string; p_workspace_id?: string };
        Returns: Json;
      };
      create_api_token: {
        Args: { p_expires_in_days?: number; p_name: string; p_scopes?: string[]; p_workspace_id: string };
        Returns: Json;
      };
      create_invitation: {
        Args: { p_email?: string; p_expires_in_hours?: number; p_role: string; p_workspace_id: string };
        Returns: Json;
      };
      delay_grant: { Args: { p_id: string; p_lease_id: string; p_retry_ms: number }; Returns: undefined };
      delete_account: { Args: { p_successors?: Json }; Returns: undefined };
      deployment_state: { Args: Record<PropertyKey, never>; Returns: Json };
      drop_grant: { Args: { p_actor: string; p_holder_id: string; p_server_id: string }; Returns: Json };
      drop_registration: { Args: { p_server_id: string }; Returns: undefined };
      drop_server_secret: {
        Args: { p_actor?: string; p_holder_id?: string; p_server_id: string };
        Returns: undefined;
      };
      end_conversation: { Args: { p_session_id: string }; Returns: undefined };
      end_other_sessions: { Args: Record<PropertyKey, never>; Returns: number };
      end_session: { Args: { p_id: string }; Returns: undefined };
      export_workspace: { Args: { p_workspace_id: string }; Returns: Json };
      finish_delivery: {
        Args: {
          p_error_code: string;
          p_http_status: number;
          p_id: string;
          p_is_delivered: boolean;
          p_is_gone: boolean;
          p_lease_id: string;
          p_retry_ms: number;
        };
        Returns: undefined;
      };
      finish_probes: { Args: { p_results: Json }; Returns: number };
      finish_revocation: { Args: { p_id: string }; Returns: undefined };
      held_secret: { Args: { p_actor: string; p_server_id: string }; Returns: Json };
      import_workspace: {
        Args: { p_document: Json; p_dry_run?: boolean; p_mode?: string; p_workspace_id: string };
        Returns: Json;
      };
      lease_grant: { Args: { p_id: string; p_lease_ms: number; p_revision: number }; Returns: string };
      list_members: {
        Args: { p_workspace_id: string };
        Returns: {
          created_at: string;
          email: string;
          role: string;
          user_id: string;
        }[];
      };
      live_workers: {
        Args: Record<PropertyKey, never>;
        Returns: {
          agent_name: string;
          capacity: number;
          conversations: number;
          started_at: string;
          version: string;
        }[];
      };
      my_api_tokens: {
        Args: Record<PropertyKey, never>;
        Returns: {
          created_at: string;
          expires_at: string;
          id: string;
          last_used_at: string;
          name: string;
          scopes: string[];
          workspace_name: string;
        }[];
      };
      my_credentials: {
        Args: { p_workspace_id: string };
        Returns: {
          has_credential: boolean;
          server_id: string;
          set_at: string;
        }[];
      };
      my_sessions: {
        Args: Record<PropertyKey, never>;
        Returns: {
          created_at: string;
          id: string;
          ip: string;
          is_current: boolean;
          last_used_at: string;
          user_agent: string;
        }[];
      };
      my_sign_ins: {
        Args: { p_workspace_id: string };
        Returns: {
          is_refused: boolean;
          is_signed_in: boolean;
          issuer: string;
          server_id: string;
          signed_in_at: string;
          wants_more: boolean;
        }[];
      };
      note_vain_renewal: { Args: { p_id: string; p_revision: number }; Returns: undefined };
      operating_metrics: {
        Args: Record<PropertyKey, never>;
        Returns: {
          label: string;
          label_value: string;
          name: string;
          value: number;
        }[];
      };
      preview_account_deletion: { Args: Record<PropertyKey, never>; Returns: Json };
      preview_invitation: { Args: { p_token: string }; Returns: Json };
      prune_health: { Args: { p_limit?: number }; Returns: number };
      put_client: {
        Args: { p_id: string; p_issuer: string; p_secret: Json; p_server_id: string };
        Returns: undefined;
      };
      put_grant: {
        Args: {
          p_actor: string;
          p_expires_at: string;
          p_holder_id: string;
          p_id: string;
          p_issuer: string;
          p_secret: Json;
          p_server_id: string;
          p_url: string;
          p_workspace_id: string;
        };
        Returns: undefined;
      };
      put_notice_webhook: {
        Args: { p_actor?: string; p_id: string; p_secret: Json; p_url: string; p_workspace_id: string };
        Returns: undefined;
      };
      put_server_secret: {
        Args: {
          p_actor?: string;
          p_auth_method: string;
          p_ciphertext: string;
          p_holder_id?: string;
          p_key_id: string;
          p_nonce: string;
          p_server_id: string;
          p_url: string;
          p_workspace_id: string;
        };
        Returns: undefined;
      };
      read_client: { Args: { p_issuer: string; p_server_id: string }; Returns: Json };
      read_client_secret: { Args: { p_server_id: string }; Returns: Json };
      read_grant: { Args: { p_holder_id: string; p_server_id: string }; Returns: Json };
      recent_call_times: {
        Args: { p_session_id: string };
        Returns: {
          durations_ms: number[];
          server_id: string;
          tool_name: string;
        }[];
      };
      record_tool_calls: { Args: { p_calls: Json }; Returns: number };
      record_transcript: { Args: { p_lines: Json }; Returns: number };
      refuse_grant: { Args: { p_id: string; p_revision: number }; Returns: undefined };
      remove_tag: { Args: { p_tag: string; p_workspace_id: string }; Returns: Json };
      rename_tag: { Args: { p_new_tag: string; p_tag: string; p_workspace_id: string }; Returns: Json };
      renew_grant: {
        Args: { p_expires_at: string; p_id: string; p_lease_id: string; p_secret: Json };
        Returns: boolean;
      };
      report_server_status: { Args: { p_observations: Json }; Returns: number };
      report_worker: {
        Args: {
          p_agent_name: string;
          p_capacity: number;
          p_conversations: number;
          p_id: string;
          p_version: string;
        };
        Returns: undefined;
      };
      retire_worker: { Args: { p_id: string }; Returns: undefined };
      revoke_api_token: { Args: { p_id: string }; Returns: undefined };
      revoke_my_api_tokens: { Args: { p_ids: string[] }; Returns: number };
      server_for_probe: { Args: { p_server_id: string; p_user_id: string }; Returns: Json };
      server_history: { Args: { p_server_id: string }; Returns: Json };
      set_session_state: {
        Args: { p_end_reason?: string; p_session_id: string; p_state: string };
        Returns: boolean;
      };
      store_catalog: {
        Args: {
          p_config_version: number;
          p_note?: string;
          p_observed_at: string;
          p_server_id: string;
          p_skipped?: Json;
          p_tools: Json;
        };
        Returns: Json;
      };
      take_sign_in: { Args: { p_state_hash: string; p_user_id: string }; Returns: Json };
      test_notice_webhook: { Args: { p_workspace_id: string }; Returns: string };
      tool_limit: { Args: { p_workspace_id?: string }; Returns: number };
      transfer_ownership: { Args: { p_user_id: string; p_workspace_id: string }; Returns: undefined };
      use_api_token: { Args: { p_hash: string }; Returns: Json };
      voice_session_snapshot: { Args: { p_session_id: string; p_with_servers?: boolean }; Returns: Json };
      want_scope: { Args: { p_id: string; p_scope: string }; Returns: undefined };
      watch_workspace: { Args: { p_workspace_id: string }; Returns: Json };
      workspace_usage: {
        Args: { p_workspace_id: string };
        Returns: {
          allowed: number;
          limit: string;
          used: number;
        }[];
      };
    };
    Enums: {
      [_ in never]: never;
    };
    CompositeTypes: {
      [_ in never]: never;
    };
  };
};
